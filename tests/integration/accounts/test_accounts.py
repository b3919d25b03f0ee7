"""Who may see and trade which account."""

from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from apps.accounts.models import AccountMode, BrokerAccount, Role, User
from apps.accounts.selectors import account_get, account_list, account_tradable
from apps.accounts.services import account_grant, account_open, account_revoke, user_create
from apps.domain.errors import BadInput, NotFound, RuleBroken
from tests import builders

pytestmark = pytest.mark.django_db


@pytest.fixture
def theirs():
    return builders.account()


def test_a_trader_sees_own_accounts_only(theirs):
    mine = builders.account()
    assert list(account_list(actor=mine.owner)) == [mine]


def test_an_investor_sees_what_was_granted_until_it_is_taken_back(theirs):
    investor = builders.investor()
    assert not account_list(actor=investor).exists()
    account_grant(account=theirs, investor=investor)
    account_grant(account=theirs, investor=investor)  # twice is harmless
    assert account_get(actor=investor, account_id=theirs.pk) == theirs
    account_revoke(account=theirs, investor=investor)
    assert not account_list(actor=investor).exists()


def test_an_admin_sees_all(theirs):
    other = builders.account()
    assert set(account_list(actor=builders.admin())) == {theirs, other}


def test_a_switched_off_user_sees_nothing(theirs):
    theirs.owner.is_active = False
    assert not account_list(actor=theirs.owner).exists()


def test_somebody_elses_account_looks_exactly_like_a_missing_one(theirs):
    with pytest.raises(NotFound) as foreign:
        account_get(actor=builders.trader(), account_id=theirs.pk)
    with pytest.raises(NotFound) as missing:
        account_get(actor=builders.trader(), account_id=10**9)
    assert foreign.value.message == missing.value.message


def test_a_grant_is_for_reading_never_for_trading(theirs):
    investor, trader = builders.investor(), builders.trader()
    for reader in (investor, trader):
        account_grant(account=theirs, investor=reader)
        with pytest.raises(NotFound):
            account_tradable(actor=reader, account_id=theirs.pk)
    assert account_tradable(actor=theirs.owner, account_id=theirs.pk) == theirs
    assert account_tradable(actor=builders.admin(), account_id=theirs.pk) == theirs


def test_a_closed_account_is_read_but_not_traded(theirs):
    theirs.is_active = False
    theirs.save()
    assert account_get(actor=theirs.owner, account_id=theirs.pk) == theirs
    with pytest.raises(NotFound):
        account_tradable(actor=theirs.owner, account_id=theirs.pk)


def test_a_new_account_is_paper_and_dry_run_and_not_live():
    made = account_open(owner=builders.trader(), name="A", currency="USD", starting_cash=Decimal("1000.50"))
    made.refresh_from_db()
    assert (made.mode, made.live_enabled, made.broker) == (AccountMode.DRY_RUN, False, "paper")
    assert made.starting_cash == Decimal("1000.50")


def test_the_longest_cash_there_is_comes_back_to_the_last_digit():
    made = account_open(owner=builders.trader(), name="A", currency="USD", starting_cash=Decimal("999999999.999999"))
    made.refresh_from_db()
    assert made.starting_cash == Decimal("999999999.999999")


def test_an_investor_cannot_hold_an_account():
    with pytest.raises(RuleBroken, match="may not trade"):
        account_open(owner=builders.investor(), name="A", currency="USD", starting_cash=Decimal(1))


@pytest.mark.parametrize("cash", ["-1", "NaN", "Infinity", "1000000000", "0.0000001"])
def test_impossible_cash_is_refused(cash):
    with pytest.raises(BadInput):
        account_open(owner=builders.trader(), name="A", currency="USD", starting_cash=Decimal(cash))


def test_the_database_itself_refuses_negative_cash_and_unknown_modes(theirs):
    for change in ({"starting_cash": Decimal(-1)}, {"mode": "yolo"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            BrokerAccount.objects.filter(pk=theirs.pk).update(**change)


def test_an_email_address_is_taken_in_whatever_case():
    builders.trader(email="Ann@Example.com")
    with pytest.raises(IntegrityError), transaction.atomic():
        builders.trader(email="ann@example.COM")
    with pytest.raises(BadInput) as refused:
        user_create(username="bob", email="ANN@example.com", password="x")
    assert refused.value.facts["field"] == "email"


def test_a_new_user_may_look_and_not_trade_and_an_admin_enters_the_back_office():
    new = user_create(username="new", email="new@example.com", password="a-long-password")
    assert (new.role, new.may_trade, new.is_staff) == (Role.INVESTOR, False, False)
    boss = user_create(username="boss", email="boss@example.com", password="a-long-password", role=Role.ADMIN)
    assert boss.is_admin and boss.is_staff and boss.check_password("a-long-password")
    assert User.objects.create_superuser("root", "root@example.com", "x").role == Role.ADMIN


def test_an_unknown_time_zone_is_refused():
    with pytest.raises(ValidationError):
        builders.trader(time_zone="Mars/Olympus").full_clean()


def test_signing_in_and_out(client):
    user = builders.trader(password="secret-word")
    assert client.login(username=user.username, password="secret-word")
    assert client.post("/logout/").status_code == 302
    assert "_auth_user_id" not in client.session
