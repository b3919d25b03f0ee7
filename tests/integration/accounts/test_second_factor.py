"""The second factor: asked for when set, good once each, never the only way back in."""

import pytest
from django.db import connection

from apps.accounts.models import Authenticator, RecoveryCode
from apps.accounts.services import (
    factor_begin,
    factor_codes_left,
    factor_codes_renew,
    factor_confirm,
    factor_disable,
    factor_needed,
    factor_picture,
    factor_uri,
    factor_verify,
)
from apps.audit.models import AuditEntry
from apps.domain.errors import BadInput, RuleBroken
from tests import builders
from tests.integration.accounts.conftest import totp_at

pytestmark = pytest.mark.django_db
WORD = "secret-word"


@pytest.fixture
def maya():
    return builders.trader(username="maya", password=WORD)


def first_step(client):
    return client.post("/login/", {"username": "maya", "password": WORD, "next": "/orders/"})


def signed_in(client):
    return "_auth_user_id" in client.session


def test_the_codes_are_those_of_rfc_6238():
    key = b"12345678901234567890"  # appendix B of the RFC, its last six digits
    assert [totp_at(key, at) for at in (59, 1111111109, 1111111111, 1234567890, 2000000000)] == [
        *(287082, 81804, 50471, 5924, 279037),
    ]


def test_signing_in_asks_for_the_second_factor_when_set(client, maya, authenticator):
    code = authenticator(maya)
    assert first_step(client).url == "/login/code/"
    assert not signed_in(client)
    assert client.get("/").status_code == 302  # half the way is not in
    assert client.post("/login/code/", {"code": "000000"}).status_code == 200
    assert not signed_in(client)
    assert client.post("/login/code/", {"code": code()}).url == "/orders/"
    assert signed_in(client)


def test_nobody_comes_to_the_second_step_without_the_first(client, maya, authenticator):
    code = authenticator(maya)
    assert client.post("/login/code/", {"code": code()}).url == "/login/"
    assert not signed_in(client)


@pytest.mark.parametrize("change", ["late", "new password", "switched off"])
def test_the_first_step_holds_for_five_minutes_and_for_that_password(client, maya, authenticator, monkeypatch, change):
    code = authenticator(maya)
    first_step(client)
    if change == "late":
        session = client.session
        session["second_factor"] |= {"at": 0}
        session.save()
    if change == "new password":
        maya.set_password("another-word-entirely")
    maya.is_active = change != "switched off"
    maya.save()
    assert client.post("/login/code/", {"code": code()}).url == "/login/"
    assert not signed_in(client)


def test_a_code_is_good_once(maya, authenticator):
    code = authenticator(maya)
    spent = code()
    assert factor_verify(user=maya, code=spent) == "totp"
    assert factor_verify(user=maya, code=spent) is None
    assert factor_verify(user=maya, code=f" {(fresh := code())[:3]} {fresh[3:]} ") == "totp"  # as phones show it


def test_a_clock_that_is_off_by_a_step_is_followed(maya, authenticator):
    code = authenticator(maya)
    early = code()
    Authenticator.objects.update(last_step=-1)
    from apps.accounts.services import second_factor

    late = second_factor.time.time() + 30
    second_factor.time.time = lambda: late  # undone with the fixture's own
    assert factor_verify(user=maya, code=early) == "totp"
    assert Authenticator.objects.get().drift == -1


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "１２３４５６", "\x00", "\ud800" * 6, "0" * 500])
def test_nonsense_is_no_code(maya, authenticator, code):
    authenticator(maya)
    assert factor_verify(user=maya, code=code) is None


def test_a_recovery_code_opens_the_door_once(client, maya, authenticator):
    spare = authenticator(maya).recovery[0]
    first_step(client)
    assert client.post("/login/code/", {"code": spare.upper().replace("-", " ")}).url == "/orders/"
    assert factor_codes_left(maya) == 9
    assert factor_verify(user=maya, code=spare) is None
    assert AuditEntry.objects.get(action="login.passed").changes == [("how", None, "recovery code")]


def test_a_recovery_code_is_its_owners_alone(maya, authenticator):
    arjun = builders.trader()
    hers = authenticator(maya).recovery
    authenticator(arjun)
    assert factor_verify(user=arjun, code=hers[0]) is None


def test_new_recovery_codes_end_the_old_ones(maya, authenticator):
    old = authenticator(maya).recovery
    new = factor_codes_renew(actor=maya)
    assert len(set(new)) == 10 and not set(old) & set(new)
    assert factor_verify(user=maya, code=old[0]) is None
    assert factor_verify(user=maya, code=new[0]) == "recovery code"


def test_guessing_codes_is_locked_after_five(client, maya, authenticator):
    code = authenticator(maya)
    first_step(client)
    for _ in range(5):
        client.post("/login/code/", {"code": "000000"})
    assert client.post("/login/code/", {"code": code()}).status_code == 429
    assert not signed_in(client)


def test_neither_the_secret_nor_the_codes_lie_open_in_the_database_or_the_trail(maya, authenticator):
    spares = authenticator(maya).recovery
    secret = Authenticator.objects.get().secret
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {Authenticator._meta.db_table}")
        stored = str(cursor.fetchall())
    told = str(list(AuditEntry.objects.values_list())) + str(list(RecoveryCode.objects.values_list()))
    assert len(secret) == 32 and secret not in stored + told
    assert not any(code in told or code.replace("-", "") in told for code in spares)


def test_an_authenticator_is_set_up_with_its_first_code(client, maya, monkeypatch):
    client.force_login(maya)
    page = client.get("/account/security/factor/").content.decode()
    device = Authenticator.objects.get(user=maya)
    assert device.secret in page and "data:image/svg+xml" in page
    assert device.secret in client.get("/account/security/factor/").content.decode()  # a reload keeps it
    assert not factor_needed(maya)
    with pytest.raises(BadInput):
        factor_confirm(actor=maya, code="000000")
    assert f"secret={device.secret}" in factor_uri(device) and factor_picture(device).startswith("data:image/svg+xml")


def test_turning_it_on_and_off_in_the_page_wants_the_password(client, maya, authenticator):
    code = authenticator(maya)
    client.force_login(maya)
    assert "not your password" in client.post("/account/security/factor/off/", {"password": "x"}).content.decode()
    assert factor_needed(maya)
    made = client.post("/account/security/codes/", {"password": WORD})
    assert made.status_code == 200 and made["Cache-Control"].startswith("max-age=0")
    assert client.post("/account/security/factor/off/", {"password": WORD}).status_code == 302
    assert not factor_needed(maya) and not RecoveryCode.objects.exists()
    assert code


def test_a_second_one_is_not_begun_over_the_first(maya, authenticator):
    authenticator(maya)
    with pytest.raises(RuleBroken):
        factor_begin(actor=maya)
    with pytest.raises(RuleBroken):
        factor_confirm(actor=maya, code="000000")


def test_an_admin_takes_it_away_from_who_lost_it_and_nobody_else_does(maya, authenticator):
    authenticator(maya)
    with pytest.raises(RuleBroken):
        factor_disable(actor=builders.trader(), user=maya)
    boss = builders.admin()
    factor_disable(actor=boss, user=maya)
    assert not factor_needed(maya)
    assert AuditEntry.objects.get(action="factor.disabled").actor_id == boss.pk


def test_recovery_codes_come_with_an_authenticator_only(maya):
    with pytest.raises(RuleBroken):
        factor_codes_renew(actor=maya)
