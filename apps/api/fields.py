"""How money, moments and states look on the wire."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.domain.messages import utc
from apps.domain.timeframes import TIMEFRAMES, timeframe_name, timeframe_parse

_NUMBER = r"^-?\d+(\.\d+)?$"
_GIVEN = r"^\+?\d+(\.\d+)?([eE][-+]?\d{1,2})?$"
BIG = 2**62


@extend_schema_field({"type": "string", "pattern": _NUMBER, "examples": ["101.25"]})
class Amount(serializers.Field):
    """An exact decimal as text, without exponent or trailing zeros. Only ever sent."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**({"read_only": True} | options))

    def to_representation(self, value: Decimal) -> str:
        text = f"{value:f}"
        if "." in text:
            text = text.rstrip("0").rstrip(".")
        return "0" if text == "-0" else text


@extend_schema_field({"type": ["string", "number"], "pattern": _GIVEN, "exclusiveMinimum": 0, "examples": ["101.25"]})
class PositiveIn(serializers.DecimalField):
    """A decimal above zero, as text or number: up to 12 digits before the point and 10 behind it."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**({"max_digits": 22, "decimal_places": 10, "min_value": Decimal("1e-10")} | options))


@extend_schema_field({"type": ["string", "number"], "pattern": _GIVEN, "minimum": 0, "examples": ["100000"]})
class NotNegativeIn(serializers.DecimalField):
    """As PositiveIn, or zero."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**({"max_digits": 22, "decimal_places": 10, "min_value": Decimal(0)} | options))


@extend_schema_field({"type": "string", "format": "date-time"})
class MomentNs(serializers.Field):
    """A column of ns since 1970 as a UTC time, to the microsecond. Only ever sent."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**({"read_only": True} | options))

    def to_representation(self, value: int) -> str:
        return utc(value).isoformat().replace("+00:00", "Z")


class TimeframeField(serializers.ChoiceField):
    """Seconds inside, a name such as "5m" outside."""

    def __init__(self, **options: Any) -> None:
        super().__init__(choices=list(TIMEFRAMES), **options)

    def to_internal_value(self, data: Any) -> int:
        return timeframe_parse(super().to_internal_value(data))

    def to_representation(self, value: int) -> str:
        return timeframe_name(value)


class Choice(serializers.ChoiceField):
    """One member of an enumeration; comes in as the member itself."""

    def __init__(self, kind: type[StrEnum], **options: Any) -> None:
        self.kind = kind
        super().__init__(choices=[(member.value, member.value) for member in kind], **options)

    def to_internal_value(self, data: Any) -> StrEnum:
        return self.kind(super().to_internal_value(data))


class Key(serializers.IntegerField):
    """The number of something else, as a filter or in a body."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**({"min_value": 1, "max_value": BIG} | options))


class Said(serializers.Serializer):
    """What a caller says: a name nobody knows is an error, so that no misspelt price trades at market."""

    def to_internal_value(self, data: Any) -> Any:
        if hasattr(data, "keys"):
            unknown = sorted(set(data.keys()) - set(self.fields))
            if unknown:
                known = ", ".join(self.fields) or "none"
                sentence = f"There is no such field; there are: {known}."
                raise serializers.ValidationError({str(name)[:60]: [sentence] for name in unknown[:20]})
        return super().to_internal_value(data)
