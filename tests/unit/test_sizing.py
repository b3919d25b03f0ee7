"""How much: each sizing rule, whole lots, exits, and refusals that say why."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.domain.errors import BadInput
from apps.domain.messages import Fill, Instrument, Mode, OrderIntent, OrderType, Side, Signal
from apps.domain.pnl import Book
from apps.domain.sizing import FixedUnits, Refusal, size, sizing_parse

D = Decimal

FUTURE = Instrument(1, "NIFTY-FUT", "NSE", "INR", D("0.05"), lot_size=D(25), multiplier=D(2))
WISH = Signal(3, 9, 1, 4, 1000, 77, Side.BUY, OrderType.MARKET, D(100), tag="cross")


def book(position: str = "0", cash: str = "100000") -> Book:
    made = Book(9, {1: FUTURE}, "USD", {"INR": D("0.5")})
    made.deposit(D(cash))
    if D(position):
        side = Side.BUY if D(position) > 0 else Side.SELL
        made.apply(Fill("f", "o", 9, 1, side, abs(D(position)), D(100), D(0), "INR", 0))
    return made


def sized(signal: Signal = WISH, sizing: str = "units:25", held: str = "0", mode: Mode = Mode.DRY_RUN):
    return size(signal, book(held), FUTURE, sizing_parse(sizing), mode)


@pytest.mark.parametrize(
    ("sizing", "qty"),
    [
        ("units:60", "50"),  # whole lots of 25
        ("cash:5500", "50"),  # a unit is worth 100 x 2 x 0.5 = 100 USD
        ("equity:10", "100"),
        ("risk:1:4", "250"),  # 1000 USD at risk, 4 points cost 4 USD a unit
    ],
)
def test_each_rule_gives_whole_lots_in_the_accounts_money(sizing, qty):
    assert sized(sizing=sizing).qty == D(qty)


def test_an_own_quantity_is_used_as_it_is_in_whole_lots():
    assert sized(replace(WISH, qty=D(80)), "units:25").qty == 75


def test_less_than_a_lot_is_refused_with_the_numbers():
    refusal = sized(replace(WISH, qty=D(24)))
    assert refusal == Refusal("below_lot", "24 of NIFTY-FUT is less than one lot of 25", (("lot_size", "25", "24"),))


def test_an_exit_takes_the_whole_position_even_an_odd_lot():
    assert sized(replace(WISH, exit=True, side=Side.SELL), held="31").qty == 31


def test_an_exit_never_takes_more_than_there_is():
    assert sized(replace(WISH, exit=True, side=Side.SELL, qty=D(500)), held="50").qty == 50


@pytest.mark.parametrize(("held", "side"), [("0", Side.SELL), ("50", Side.BUY), ("-50", Side.SELL)])
def test_an_exit_with_nothing_to_reduce_is_refused(held, side):
    assert sized(replace(WISH, exit=True, side=side), held=held).code == "nothing_to_exit"


def test_a_share_of_cash_passes_through_to_the_simulated_venue_and_nowhere_else():
    wish = replace(WISH, cash_fraction=D("0.5"))
    assert (sized(wish).cash_fraction, sized(wish).qty) == (D("0.5"), 500)
    assert sized(wish, mode=Mode.LIVE).code == "sized_at_fill"


def test_the_intent_carries_everything_the_signal_said():
    wish = replace(WISH, order_type=OrderType.SL, limit_price=D("99.98"), trigger_price=D("100.02"), oco="g")
    intent = sized(wish)
    assert (intent.client_order_id, intent.run_id, intent.tape_at, intent.tag) == ("r3-i1-4", 3, 77, "cross")
    assert (intent.limit_price, intent.trigger_price, intent.price) == (D("100.00"), D("100.00"), D("99.98"))


@pytest.mark.parametrize("text", ["", "units:0", "units:-1", "units:nan", "equity", "risk:1", "all:1"])
def test_sizing_that_cannot_be_read_says_how_to_write_it(text):
    with pytest.raises(BadInput, match="try units:1"):
        sizing_parse(text)


@given(
    st.decimals("0.01", "5000", places=2),
    st.decimals("-5000", "5000", places=0),
    st.booleans(),
    st.sampled_from(Side),
    st.one_of(st.none(), st.decimals("0.01", "9000", places=2)),
)
def test_what_comes_out_is_lots_or_the_whole_position_and_an_exit_only_reduces(units, held, leaving, side, qty):
    found = size(replace(WISH, exit=leaving, side=side, qty=qty), book(str(held)), FUTURE, FixedUnits(units), Mode.LIVE)
    if isinstance(found, OrderIntent):
        assert found.qty > 0 and (found.qty % 25 == 0 or found.qty == abs(held))
        if leaving:
            assert abs(held + side.sign * found.qty) < abs(held)
        else:
            assert found.qty <= (qty or units)
