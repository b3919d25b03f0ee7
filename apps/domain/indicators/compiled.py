"""How an indicator's step is compiled, and the pointers it works on.

A step is a C function over flat float64 memory. Its arguments fit the machine's registers exactly and
nothing in it counts references, so calling one through its address costs about two nanoseconds. Kernels
take addresses as numbers: any set of indicators runs through kernels that are already compiled, and a
new indicator compiles alone.

numba's cache on disk looks at the file of a step, not at the parts it calls: whoever starts the program names the
cache's folder after the sources of the whole domain.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numba
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

_FLOATS: Final = types.CPointer(types.float64)
_SIGNATURE: Final = types.void(_FLOATS, _FLOATS, *[types.float64] * 5, types.int64, types.int64, _FLOATS, types.int64)

# numpy's error model: x / 0 is inf or nan instead of a raise, so a step can never fail.
OPTIONS: Final[dict[str, Any]] = {"error_model": "numpy", "fastmath": False, "boundscheck": False}

part: Final = numba.njit(forceinline=True, **OPTIONS)
"""Compiles a piece that steps are built of (parts.py); it is inlined into every step that uses it."""


class Step:
    """A step function, compiled on first need and then read from numba's cache on disk.

    `step(s, p, o, h, l, c, v, start_ns, session_ns, out, commit)`: `s` state (all zeros is a fresh start),
    `p` parameters followed by the spec's constants, then the candle (open, high, low, close, volume, its start
    and the opening of its session, both ns since 1970 UTC), `out` the outputs, all of them written on each
    call. With `commit` 0 the candle is still forming and `s` must not be written.
    """

    def __init__(self, function: Callable[..., None]) -> None:
        self.function = function
        self._compiled: Any = None

    @property
    def address(self) -> int:
        """Where the machine code is; compiles or loads it the first time."""
        if self._compiled is None:
            self._compiled = numba.cfunc(_SIGNATURE, cache=True, **OPTIONS)(self.function)
        return int(self._compiled.address)


@intrinsic
def at(typingctx: Any, pointer: Any, offset: Any) -> Any:
    """The pointer `offset` floats further on: how a step hands a piece of its state to a part."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.gep(args[0], [args[1]])

    return pointer(pointer, types.int64), codegen


@intrinsic
def memory(typingctx: Any, array: Any, offset: Any) -> Any:
    """A pointer to element `offset` of a contiguous float64 array, which has to outlive it."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        data = context.make_array(signature.args[0])(context, builder, args[0]).data
        return builder.gep(data, [args[1]])

    return _FLOATS(array, types.int64), codegen


@intrinsic
def fetch_ahead(typingctx: Any, array: Any, offset: Any) -> Any:
    """Ask the processor for the cache line of element `offset`, which is needed soon."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        data = context.make_array(signature.args[0])(context, builder, args[0]).data
        place = builder.bitcast(builder.gep(data, [args[1]]), ir.IntType(8).as_pointer())
        number = ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [place.type, number, number, number])
        prefetch = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0i8")
        builder.call(prefetch, [place, number(1), number(3), number(1)])  # to be written, keep, data
        return context.get_dummy_value()

    return types.void(array, types.int64), codegen


@intrinsic
def call_step(
    typingctx: Any, address: Any, s: Any, p: Any, o: Any, h: Any, l: Any, c: Any, v: Any,
    start_ns: Any, session_ns: Any, out: Any, commit: Any,
) -> Any:  # fmt: skip
    """Call the step whose machine code is at `address`."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kinds = [context.get_value_type(kind) for kind in _SIGNATURE.args]
        function = ir.FunctionType(ir.VoidType(), kinds)
        builder.call(builder.inttoptr(args[0], function.as_pointer()), args[1:])
        return context.get_dummy_value()

    return types.void(types.int64, *_SIGNATURE.args), codegen
