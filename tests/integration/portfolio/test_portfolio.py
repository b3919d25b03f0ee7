"""Money in and out, days, snapshots, rates, and who may look."""

from decimal import Decimal

import pytest

from apps.domain.errors import BadInput, NotFound
from apps.domain.ledger import Account
from apps.domain.messages import utc
from apps.execution.services import fill_apply
from apps.portfolio.models import Cash, DayStart, LedgerEntry
from apps.portfolio.selectors import account_summary, book_for, equity_curve, ledger_list, position_list
from apps.portfolio.services import cash_transfer, equity_snapshot, rate_set
from tests import builders
from tests.integration.money import EVENT, Desk, quote

D = Decimal
DAY = 86_400 * 10**9


def transfer(desk: Desk, amount: str, *, ref: str = "bank-1", why: Account = Account.CAPITAL) -> bool:
    facts = {"ref": ref, "why": why, "amount": D(amount), "currency": "USD", "at_ns": EVENT}
    return cash_transfer(account=desk.account, **facts)


def test_an_account_begins_with_its_starting_cash_booked_once(desk):
    assert book_for(desk.account).equity == 100_000
    for _ in range(2):
        fill_apply(desk.fill(desk.order(qty=str(_ + 1)), fee="1"))
    opening = LedgerEntry.objects.filter(ref=f"opening:{desk.account.pk}")
    assert [(line.ledger_account, line.amount) for line in opening.order_by("line")] == [
        ("cash", 100_000),
        ("capital", -100_000),
    ]
    assert book_for(desk.account).equity == 100_000 - 2


def test_a_deposit_raises_equity_and_is_no_profit(desk):
    desk.submit()
    assert transfer(desk, "500") and not transfer(desk, "500")
    book = book_for(desk.account)
    assert (book.equity, book.day_pnl, Cash.objects.get().amount) == (100_500, 0, 100_500)


def test_a_charge_is_a_loss_of_the_day(desk):
    desk.submit()
    transfer(desk, "-12.5", why=Account.CHARGES)
    assert book_for(desk.account).day_pnl == D("-12.5")


@pytest.mark.parametrize(("amount", "why"), [("0", Account.CAPITAL), ("NaN", Account.CAPITAL), ("1", Account.CASH)])
def test_a_transfer_that_makes_no_sense_is_refused(desk, amount, why):
    with pytest.raises(BadInput):
        transfer(desk, amount, why=why)


def test_the_days_profit_counts_from_the_first_look_of_the_trading_day(desk):
    fill_apply(desk.fill(desk.order(qty="10")))
    quote(desk.instrument.number, 103)
    desk.submit("sell", qty=D(1), at_ns=EVENT + DAY)
    quote(desk.instrument.number, 104)
    assert list(DayStart.objects.values_list("equity", flat=True)) == [100_030, 100_000]
    assert book_for(desk.account).day_pnl == 10


def test_a_loss_of_the_day_stops_new_orders_and_lets_exits_out(desk):
    fill_apply(desk.fill(desk.order(qty="1000")))
    quote(desk.instrument.number, 90)
    assert desk.submit(qty=D(1), mark=D(90)).code == "daily_loss"
    assert desk.submit("sell", exit=True, mark=D(90)).allowed


def test_positions_in_another_currency_count_at_its_rate(desk):
    desk.instrument.currency = "INR"
    desk.instrument.save()
    rate_set(currency="INR", into="USD", rate=D("0.0125"))
    fill_apply(desk.fill(desk.order(qty="10"), fee="8"))
    quote(desk.instrument.number, 108)
    summary = account_summary(actor=desk.account.owner, account_id=desk.account.pk)
    assert summary.equity == 100_000 + (80 - 8) * D("0.0125") == summary.cash + summary.value
    assert set(Cash.objects.values_list("currency", "amount")) == {("USD", D(100_000)), ("INR", D(-1008))}


def test_a_summary_shows_open_positions_at_the_last_price(desk):
    fill_apply(desk.fill(desk.order(qty="2"), price="99"))
    (held,) = account_summary(actor=desk.account.owner, account_id=desk.account.pk).holdings
    assert (held.qty, held.avg_price, held.mark, held.value, held.unrealised) == (2, 99, 100, 200, 2)


def test_a_snapshot_is_a_point_of_the_curve_and_again_at_the_same_time_the_same_point(desk):
    for at in (EVENT, EVENT + 10**9, EVENT + 10**9):
        equity_snapshot(desk.account, at)
    points = equity_curve(actor=desk.account.owner, account_id=desk.account.pk)
    assert [(point.at, point.equity) for point in points] == [(utc(EVENT), 100_000), (utc(EVENT + 10**9), 100_000)]


def test_each_fill_says_what_it_earned(desk):
    first = desk.order(qty="3")
    fill_apply(desk.fill(first, price="100"))
    out = desk.order("sell", qty="2")
    fill_apply(desk.fill(out, "1", price="103"))
    fill_apply(desk.fill(out, "1", price="105", closes_order=True))
    assert list(out.fills.order_by("pk").values_list("realised", flat=True)) == [3, 5]


def test_somebody_elses_money_is_not_there(desk):
    fill_apply(desk.fill(desk.order()))
    stranger = builders.trader()
    assert position_list(actor=stranger) == [] and len(position_list(actor=desk.account.owner)) == 1
    for look in (account_summary, equity_curve, ledger_list):
        with pytest.raises(NotFound):
            look(actor=stranger, account_id=desk.account.pk)
