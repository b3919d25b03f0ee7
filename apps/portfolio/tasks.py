"""Chores of portfolios; `celery_app.BEAT` says when."""

from __future__ import annotations

import time

from celery import shared_task

from apps.accounts.models import BrokerAccount
from apps.marketdata.quotes import board
from apps.portfolio.services import equity_snapshot


@shared_task(name="portfolio.equity_snapshots")
def equity_snapshots() -> int:
    """A point on the equity curve of every active account, at the market's time: a recording has a clock of its own."""
    heard = board.rows()
    at_ns = int(heard["event_ns"].max()) if len(heard) else time.time_ns()
    accounts = BrokerAccount.objects.filter(is_active=True)
    for account in accounts:
        equity_snapshot(account, at_ns)
    return len(accounts)
