"""JSON in and out: bounded, strict, exact. Numbers with a point arrive as Decimal, NaN leaves as null."""

from __future__ import annotations

from decimal import Decimal
from typing import IO, Any, Final

import msgspec
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer

from apps.api.problems import Refused

MAX_BODY: Final = 64 * 1024
_decoder = msgspec.json.Decoder(float_hook=Decimal)


class StrictJson(BaseParser):
    """Up to MAX_BODY bytes of JSON. What no JSON document may hold (NaN, lone surrogates) is refused."""

    media_type = "application/json"

    def parse(self, stream: IO[bytes], media_type: str | None = None, context: Any = None) -> Any:
        body = stream.read(MAX_BODY + 1)
        if len(body) > MAX_BODY:
            raise Refused("body_too_large")
        try:
            return _decoder.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ArithmeticError) as error:
            raise ParseError(f"The body is not JSON: {error}.") from None


class Json(BaseRenderer):
    media_type = "application/json"
    format = "json"
    charset = None

    def render(self, data: Any, media_type: str | None = None, context: Any = None) -> bytes:
        return b"" if data is None else encode(data)


def encode(data: Any) -> bytes:
    return msgspec.json.encode(data, enc_hook=str)
