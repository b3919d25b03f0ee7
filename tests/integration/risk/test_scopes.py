"""Limits by scope, and who may set them."""

from decimal import Decimal

import pytest

from apps.domain.errors import BadInput, NotFound
from apps.domain.risk import SAFE, RiskLimits
from apps.risk.models import RiskLimit, Scope
from apps.risk.selectors import decision_list, limits_for, switch_list
from apps.risk.services import limits_set
from tests import builders

D = Decimal
KEYS = {"user_id": 1, "account_id": 2, "instrument": 3, "run_id": 4}


@pytest.mark.django_db
def test_without_rows_the_safe_limits_hold():
    assert limits_for(**KEYS) == SAFE


@pytest.mark.django_db
def test_of_all_scopes_an_order_touches_the_strictest_wins_and_others_do_not_count():
    for scope, key, qty in [
        ("user", 1, 50),
        ("account", 2, 40),
        ("run", 4, 30),
        ("instrument", 3, 60),
        ("account", 9, 1),
    ]:
        RiskLimit.objects.create(scope=scope, scope_id=key, max_order_qty=D(qty))
    assert limits_for(**KEYS).max_order_qty == 30
    assert limits_for(**(KEYS | {"run_id": None})).max_order_qty == 40


@pytest.mark.django_db
def test_the_installations_row_replaces_what_it_names_and_keeps_the_rest_safe():
    RiskLimit.objects.create(scope="installation", max_order_notional=D(9_000_000), trading_hours_only=False)
    limits = limits_for(**KEYS)
    assert (limits.max_order_notional, limits.trading_hours_only) == (9_000_000, False)
    assert limits.max_daily_loss_pct == SAFE.max_daily_loss_pct


@pytest.mark.django_db
def test_every_limit_comes_back_as_the_domain_has_it():
    row = RiskLimit.objects.create(scope="account", scope_id=2, max_tick_age_s=D("1.5"), max_open_orders=3)
    assert (
        limits_for(**KEYS, base=RiskLimits())
        == row.to_domain()
        == RiskLimits(max_tick_age_s=D("1.5"), max_open_orders=3)
    )


def test_a_trader_sets_own_limits_and_nobody_elses(desk):
    owner, stranger = desk.account.owner, builders.trader()
    limits_set(actor=owner, scope=Scope.ACCOUNT, scope_id=desk.account.pk, max_order_qty=D(1))
    limits_set(actor=owner, scope=Scope.USER, scope_id=owner.pk, max_order_qty=D(1))
    for scope, key in [(Scope.ACCOUNT, desk.account.pk), (Scope.USER, owner.pk), (Scope.INSTALLATION, 0)]:
        with pytest.raises(NotFound):
            limits_set(actor=stranger, scope=scope, scope_id=key, max_order_qty=D(9))
    assert RiskLimit.objects.count() == 2


def test_limits_that_make_no_sense_are_refused(desk):
    for wrong in ({"max_order_qty": D(-1)}, {"max_fun": 1}):
        with pytest.raises(BadInput):
            limits_set(actor=desk.account.owner, scope=Scope.ACCOUNT, scope_id=desk.account.pk, **wrong)


def test_decisions_and_switches_are_seen_by_whom_they_concern(desk):
    desk.submit()
    assert decision_list(actor=desk.account.owner).count() == 1
    assert not decision_list(actor=builders.trader()) and not switch_list(actor=builders.trader())
