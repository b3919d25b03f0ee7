"""How often something may be tried, counted in the database so that every process counts the same.

A try is counted before it is judged: a hundred at the same moment get no more than the rule allows.
Rules are by account and address together (strict: a guesser locks out only themselves), by account
alone (against many addresses) and by address alone (against many accounts).
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Final

from django.db import connection

from apps.accounts.models import Attempts
from apps.common.secrets import keyed_hash
from apps.domain.errors import TooOften


@dataclass(frozen=True, slots=True)
class Rule:
    most: int
    window_s: int
    by_account: bool
    by_address: bool


RULES: Final = {
    "login": Rule(5, 900, True, True),
    "login_account": Rule(20, 900, True, False),
    "login_address": Rule(50, 900, False, True),
    "code": Rule(5, 900, True, False),
    "confirm": Rule(5, 900, True, False),
    "mail": Rule(3, 3600, True, False),
    "mail_address": Rule(20, 3600, False, True),
    "link": Rule(30, 900, False, True),
}
_TABLE = Attempts._meta.db_table
_COUNT = (
    f"INSERT INTO {_TABLE} (rule, account, address, count, began_s) VALUES (%s, %s, %s, 1, %s)"  # noqa: S608
    " ON CONFLICT (rule, account, address) DO UPDATE SET"
    f" count = CASE WHEN {_TABLE}.began_s <= %s THEN 1 ELSE {_TABLE}.count + 1 END,"
    f" began_s = CASE WHEN {_TABLE}.began_s <= %s THEN excluded.began_s ELSE {_TABLE}.began_s END"
    " RETURNING count, began_s"
)


def limit_spend(*names: str, account: str = "", address: str = "") -> None:
    """Count one try under each rule. Raises TooOften where one of them is used up.

    `facts['first']` is True the first time a rule of this window said no, so that it is written down once.
    """
    over: list[tuple[int, bool]] = []
    for name in names:
        rule = RULES[name]
        count, left_s = _spend(name, rule, account, address)
        if count > rule.most:
            over.append((left_s, count == rule.most + 1))
    if over:
        wait_s = max(left_s for left_s, _ in over)
        raise TooOften(
            f"Too many attempts. Try again in {_span(wait_s)}.",
            retry_after_s=wait_s,
            first=any(first for _, first in over),
        )


def limit_clear(*names: str, account: str = "", address: str = "") -> None:
    """Forget the tries: it was the right person."""
    for name in names:
        Attempts.objects.filter(rule=name, **_subject(RULES[name], account, address)).delete()


def limits_unlock(account: str) -> int:
    """Forget every try under a name, from wherever; returns how many counters there were."""
    return Attempts.objects.filter(account=_hashed(account)).delete()[0]


def limits_forget() -> int:
    """Drop counters whose window is long over."""
    longest = max(rule.window_s for rule in RULES.values())
    return Attempts.objects.filter(began_s__lt=int(time.time()) - longest).delete()[0]


def _spend(name: str, rule: Rule, account: str, address: str) -> tuple[int, int]:
    now_s = int(time.time())
    subject = _subject(rule, account, address)
    over_s = now_s - rule.window_s
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, [name, subject["account"], subject["address"], now_s, over_s, over_s])
        count, began_s = cursor.fetchone()
    return count, max(began_s + rule.window_s - now_s, 1)


def _subject(rule: Rule, account: str, address: str) -> dict[str, str]:
    return {
        "account": _hashed(account) if rule.by_account else "",
        "address": address[:64] if rule.by_address else "",
    }


def _hashed(account: str) -> str:
    return keyed_hash("attempts", account.strip().casefold()[:254].encode("utf-8", "replace").decode())


def _span(seconds: int) -> str:
    return f"{-(-seconds // 60)} minutes" if seconds > 90 else f"{seconds} seconds"
