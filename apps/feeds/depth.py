"""What the depth parsers of all venues share."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from apps.domain.books import Digits, Level
from apps.domain.errors import BadData
from apps.domain.messages import to_ns

decode = msgspec.json.Decoder().decode


def levels(digits: Digits, rows: Sequence[Sequence[str]]) -> list[Level]:
    """Levels as a venue lists them: [price, size, …] in text."""
    try:
        return [digits.level(row[0], row[1]) for row in rows]
    except (IndexError, TypeError, AttributeError) as error:
        raise BadData(f"not a list of price levels: {str(rows)[:80]}") from error


def iso_ns(text: str) -> int:
    """ns since 1970 of a time with its zone, such as 2021-04-17T16:43:37.123456Z."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise BadData(f"not a time: {text[:40]!r}") from None
    if at.tzinfo is None:
        raise BadData(f"a time without a zone: {text[:40]!r}")
    return to_ns(at)


def message_of(text: str | bytes) -> dict[str, Any]:
    """One message of a venue that speaks JSON objects. Raises BadData on anything else."""
    try:
        message = decode(text)
    except msgspec.DecodeError as error:
        raise BadData(f"not JSON: {error}") from error
    if not isinstance(message, dict):
        raise BadData(f"not an object: {str(message)[:80]}")
    return message
