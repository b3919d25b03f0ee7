"""Positions, the book and the ledger: one history of fills, three tellings that must agree to the last digit."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.domain.errors import BadInput, Misconfigured, RuleBroken
from apps.domain.ledger import Account, Ledger, Line, balanced, fill_lines, transfer_lines, trial_balance
from apps.domain.messages import ZERO, Fill, Instrument, Side
from apps.domain.pnl import FLAT, Book
from apps.domain.positions import LotQueue, Position

D = Decimal
GOLD = Instrument(1, "XAUUSD", "CFD_METAL", "USD", D("0.01"))
INDEX = Instrument(2, "NIFTY-FUT", "NSE", "INR", D("0.05"), D(25), D("0.5"))
INSTRUMENTS = {1: GOLD, 2: INDEX}
RATES = {"INR": D("0.012")}


def fill(
    side: str, qty: str | Decimal, price: str | Decimal, fee: str | Decimal = "0", instrument: int = 1, n: int = 0
) -> Fill:
    currency = INSTRUMENTS[instrument].currency
    return Fill(f"f{n}", "o", 9, instrument, Side(side), D(qty), D(price), D(fee), currency, n)


def book(*fills: Fill, cash: str = "10000") -> Book:
    made = Book(9, INSTRUMENTS, "USD", RATES)
    made.deposit(D(cash))
    for each in fills:
        made.apply(each)
    return made


def test_buying_takes_the_notional_out_of_cash_and_leaves_equity_where_it_was_less_the_fee():
    held = book(fill("buy", "2", "1300", "3"))
    assert (held.cash, held.value, held.equity, held.fees) == (D("7397"), D("2600"), D("9997"), D("3"))


def test_shorting_puts_the_notional_into_cash_and_owes_the_position():
    held = book(fill("sell", "2", "1300"))
    held.mark(1, D("1290"))
    assert (held.cash, held.value, held.equity, held.unrealised) == (D("12600"), D("-2580"), D("10020"), D("20"))


def test_a_trade_through_zero_realises_the_old_side_and_opens_the_new_at_its_price():
    position = Position().after(D(3), D(100), D(1)).after(D(-5), D(110), D(1))
    assert (position.qty, position.avg_price(D(1)), position.realised) == (D(-2), D(110), D(30))


def test_a_part_close_keeps_the_average_and_realises_its_share():
    position = Position().after(D(1), D(100), D(2)).after(D(2), D(106), D(2)).after(D(-1), D(110), D(2))
    assert (position.qty, position.avg_price(D(2)), position.realised) == (D(2), D(104), D(12))


def test_a_position_that_closes_whole_leaves_no_dust():
    position = Position()
    for qty, price in (("1", "100"), ("1", "100.1"), ("1", "100.3"), ("-1", "101"), ("-2", "99")):
        position = position.after(D(qty), D(price), D(1))
    assert (position.qty, position.cost, position.realised) == (ZERO, ZERO, D("-1.4"))


def test_the_multiplier_and_the_rate_carry_into_the_accounts_currency():
    held = book(fill("buy", "50", "22000", instrument=2))
    held.mark(2, D("22100"))
    assert held.unrealised == 50 * 100 * D("0.5") * D("0.012") and held.equity == 10000 + held.unrealised


def test_a_currency_without_a_rate_is_the_operators_to_set():
    held = Book(9, INSTRUMENTS, "USD")
    held.apply(fill("buy", "25", "22000", instrument=2))
    with pytest.raises(Misconfigured, match="no rate for INR"):
        _ = held.equity


def test_the_days_profit_counts_fees_and_open_positions_and_no_deposits():
    held = book(fill("buy", "1", "1300"))
    held.mark(1, D("1305"))
    held.day_start()
    held.deposit(D("500"))
    held.apply(fill("sell", "1", "1310", "2"))
    assert held.day_pnl == 3


def test_a_fill_of_another_account_is_refused():
    with pytest.raises(BadInput, match="belongs to account 9, not 8"):
        Book(8, INSTRUMENTS).apply(fill("buy", "1", "1"))


def test_lots_close_first_in_first_out_and_share_their_fees():
    lots = LotQueue(GOLD)
    lots.apply(fill("buy", "2", "100", "2", n=1))
    lots.apply(fill("buy", "1", "110", "1", n=2))
    first, second = lots.apply(fill("sell", "4", "120", "4", n=3))
    assert (first.qty, first.pnl, first.fees) == (D(2), D(36), D(4))
    assert (second.qty, second.pnl, second.fees) == (D(1), D(8), D(2))
    assert (lots.qty, lots.open[0].fee) == (D(-1), D(1))


def test_lines_that_do_not_add_up_are_not_posted():
    ledger = Ledger()
    with pytest.raises(RuleBroken, match="fill:x do not add up"):
        ledger.post([Line("fill:x", Account.CASH, "USD", D(1), 0)])
    assert ledger.lines == []


def test_a_charge_leaves_cash_and_says_why():
    lines = transfer_lines("charge:1", Account.CHARGES, D(-7), "USD", 0)
    assert trial_balance(lines) == {("USD", Account.CASH): D(-7), ("USD", Account.CHARGES): D(7)}


prices = st.decimals("0.05", "99999", places=5)
fees = st.decimals("-5", "50", places=4)
happenings = st.lists(
    st.one_of(
        st.tuples(st.just("buy"), st.sampled_from([1, 2]), st.decimals("0.001", "500", places=3), prices, fees),
        st.tuples(st.just("sell"), st.sampled_from([1, 2]), st.decimals("0.001", "500", places=3), prices, fees),
        st.tuples(st.just("mark"), st.sampled_from([1, 2]), st.just(D(1)), prices, fees),
        st.tuples(st.just("deposit"), st.sampled_from([1, 2]), st.just(D(1)), prices, fees),
        st.tuples(st.just("close"), st.sampled_from([1, 2]), st.just(D(1)), prices, fees),
    ),
    max_size=30,
)


@settings(max_examples=200)
@given(happenings)
def test_equity_is_cash_plus_positions_at_mark_and_the_ledger_says_the_same(history):
    held, ledger, paid_in = Book(9, INSTRUMENTS, "USD", RATES), Ledger(), ZERO
    for n, (kind, number, qty, price, fee) in enumerate(history):
        instrument = INSTRUMENTS[number]
        if kind == "mark":
            held.mark(number, price)
        elif kind == "deposit":
            held.deposit(price, instrument.currency)
            ledger.post(transfer_lines(f"deposit:{n}", Account.CAPITAL, price, instrument.currency, n))
            paid_in += price * held.rate(instrument.currency)
        elif kind == "close" and not held.qty(number):
            continue
        else:
            if kind == "close":
                kind, qty = ("sell" if held.qty(number) > 0 else "buy"), abs(held.qty(number))
            trade = fill(kind, qty, price, fee, number, n)
            ledger.post(fill_lines(held.positions.get(number, FLAT), trade, instrument))
            changed = held.apply(trade)
            assert changed.qty == held.qty(number)
    at_mark = {
        INSTRUMENTS[number].currency: position.value(held.marks[number], INSTRUMENTS[number].multiplier)
        for number, position in held.positions.items()
    }  # each instrument has a currency of its own here
    from_ledger = sum((amount * held.rate(c) for c, amount in ledger.equity(at_mark).items()), ZERO)
    assert held.equity == held.cash + sum((v * held.rate(c) for c, v in at_mark.items()), ZERO)
    assert from_ledger == held.equity
    assert held.equity == paid_in + held.realised + held.unrealised - held.fees
    assert balanced(ledger.lines)
    for currency, amount in held.cash_by.items():
        assert ledger.balance(Account.CASH, currency) == amount
    for number, position in held.positions.items():
        assert ledger.balance(Account.POSITIONS, INSTRUMENTS[number].currency) == position.cost
        assert bool(position.qty) or position.cost == ZERO


@settings(max_examples=100)
@given(happenings)
def test_closed_lots_and_net_positions_earn_the_same_once_flat(history):
    lots, position, earned = LotQueue(GOLD), Position(), ZERO
    for n, (kind, _, qty, price, fee) in enumerate(history):
        if kind in ("buy", "sell"):
            trade = fill(kind, qty, price, fee, 1, n)
            earned += sum((trip.pnl for trip in lots.apply(trade)), ZERO)
            position = position.after(trade.qty * trade.side.sign, price, D(1), fee)
    if lots.qty:
        last = fill("sell" if lots.qty > 0 else "buy", abs(lots.qty), "100", "1", 1, 99)
        earned += sum((trip.pnl for trip in lots.apply(last)), ZERO)
        position = position.after(last.qty * last.side.sign, last.price, D(1), last.fee)
    assert lots.qty == position.qty == ZERO
    assert earned == position.realised - position.fees
