"""The error tree, cut by who has to act. Only the web doors know HTTP statuses."""

from __future__ import annotations

from typing import Any, ClassVar


class VeloxError(Exception):
    """Root of all errors Velox raises on purpose.

    `message` is a sentence for a person: what happened, where, what to do. `facts` are the numbers
    and names behind it, kept apart so that a log or an API can show them. `code` is stable.
    """

    code: ClassVar[str] = "error"

    def __init__(self, message: str, **facts: Any) -> None:
        super().__init__(message)
        self.message = message
        self.facts = facts


class RuleBroken(VeloxError):
    """The caller asked for something the rules forbid; asking again unchanged will not help."""

    code = "rule_broken"


class IllegalTransition(RuleBroken):
    """An order cannot go from where it is to where the event would take it."""

    code = "illegal_transition"


class TooOften(RuleBroken):
    """Tried too often; `facts['retry_after_s']` says when it may be tried again."""

    code = "too_often"


class RiskRefused(RuleBroken):
    """The risk door said no; `facts` holds the rule's code and the numbers it saw."""

    code = "risk_refused"


class NotFound(VeloxError):
    """No such thing, or not yours: the two look the same."""

    code = "not_found"


class BadInput(VeloxError):
    """A value from a caller cannot be used; `facts['field']` names it where there is one."""

    code = "bad_input"


class BadData(VeloxError):
    """Market data that cannot be true. Nobody has to act: drop it, count it, alert on the rate."""

    code = "bad_data"


class BrokerRejected(VeloxError):
    """The broker said no: the user has to act."""

    code = "broker_rejected"


class BrokerUnavailable(VeloxError):
    """Nothing left this machine; the machine may retry."""

    code = "broker_unavailable"


class OutcomeUnknown(VeloxError):
    """It left and no answer came: look it up, never send it again."""

    code = "outcome_unknown"


class Misconfigured(VeloxError):
    """The operator has to act before anything can start."""

    code = "misconfigured"
