"""Several threads at once on real SQLite: nothing lost, nothing doubled, nobody told that the database is locked."""

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from django.db import connection

from apps.domain.ledger import Account
from apps.execution.facts import instruments
from apps.execution.services import fill_apply, signal_submit
from apps.orders.models import Order
from apps.orders.selectors import orders_drifted
from apps.portfolio.models import Cash, LedgerEntry, Position
from apps.risk.models import RiskLimit
from tests.integration.money import EVENT, NOW, Desk


def together(work, jobs) -> list:
    def one(job):
        try:
            return work(job)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as threads:
        return list(threads.map(one, jobs))


@pytest.mark.django_db(transaction=True)
def test_four_threads_that_all_tell_everything_twice_book_everything_once():
    instruments.forget()
    desk = Desk()
    RiskLimit.objects.create(scope="installation", max_orders_per_s=1000, max_open_orders=1000)
    signals = [desk.signal(qty=Decimal(n), at_ns=EVENT + n * 10**9) for n in range(1, 13)]
    decisions = together(lambda signal: signal_submit(signal, now_ns=NOW), signals * 2)
    assert all(decision.allowed for decision in decisions) and Order.objects.count() == 12
    fills = [desk.fill(order, price="101", fee="0.25") for order in Order.objects.all()]
    booked = together(fill_apply, fills * 2)
    assert sum(changed is not None for changed in booked) == 12
    total = sum(range(1, 13))
    assert (Position.objects.get().qty, Cash.objects.get().amount) == (total, 100_000 - total * 101 - 3)
    lines = LedgerEntry.objects.filter(ledger_account=Account.CASH)
    assert sum(line.amount for line in lines) == Cash.objects.get().amount
    assert not list(orders_drifted()) and not Order.objects.filter(is_working=True)
