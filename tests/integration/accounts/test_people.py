"""Roles, profiles, passwords; and that somebody is always left to administrate."""

import pytest
from django.db import transaction
from django.test import Client

from apps.accounts.models import DeviceSession, Invitation, Role, User
from apps.accounts.selectors import apikey_list
from apps.accounts.services import (
    account_grant,
    account_revoke,
    password_change,
    profile_set,
    user_set_role,
    user_switch,
)
from apps.audit.models import AuditEntry
from apps.domain.errors import BadInput, RuleBroken, TooOften
from tests import builders
from tests.integration.accounts.test_api_keys import make, opens

pytestmark = pytest.mark.django_db
WORD, GOOD = "secret-word", "a-long-enough-word"


@pytest.fixture
def boss():
    return builders.admin(username="boss", password=WORD)


@pytest.fixture
def maya():
    return builders.trader(username="maya", password=WORD)


@pytest.fixture
def office(client, boss):
    client.force_login(boss)
    return client


# --- the last admin

LOSSES = {
    "save": lambda user: (setattr(user, "role", Role.TRADER), setattr(user, "is_superuser", False), user.save()),
    "switched off by save": lambda user: (setattr(user, "is_active", False), user.save(update_fields=["is_active"])),
    "update": lambda user: User.objects.filter(pk=user.pk).update(is_active=False),
    "update of everybody": lambda user: User.objects.update(role=Role.INVESTOR, is_superuser=False),
    "delete": lambda user: user.delete(),
    "delete of many": lambda user: User.objects.filter(pk=user.pk).delete(),
    "service: role": lambda user: user_set_role(actor=user, user=user, role=Role.TRADER),
    "service: switch": lambda user: user_switch(actor=user, user=user, active=False),
}


@pytest.mark.parametrize("lose", LOSSES.values(), ids=LOSSES)
def test_the_last_active_admin_cannot_be_lost_in_any_way(boss, lose):
    builders.trader()
    builders.admin(is_active=False)  # asleep: does not count
    with pytest.raises(RuleBroken, match="last active admin"), transaction.atomic():
        lose(boss)
    assert User.objects.admins().get().username == "boss"


@pytest.mark.parametrize("lose", LOSSES.values(), ids=LOSSES)
def test_where_there_is_another_admin_one_may_go(boss, lose):
    other = builders.admin()
    if lose is LOSSES["update of everybody"]:
        return
    lose(boss)
    assert User.objects.admins().get() == other


def test_the_back_office_says_so_in_its_forms(office, boss):
    page = f"/admin/accounts/user/{boss.pk}/change/"
    said = {"username": "boss", "email": boss.email, "role": "trader", "is_active": "on", "time_zone": "UTC"}
    refused = office.post(page, said | {"theme": "system"})
    assert refused.status_code == 200 and "last active admin" in refused.content.decode()
    gone = office.post(f"/admin/accounts/user/{boss.pk}/delete/", {"post": "yes"})
    assert "last active admin" in gone.content.decode()
    chosen = {"action": "switch_off", "_selected_action": [boss.pk], "sure": "yes"}
    assert "last active admin" in office.post("/admin/accounts/user/", chosen, follow=True).content.decode()
    assert User.objects.admins().get().username == "boss"


# --- roles


def test_a_new_role_ends_sessions_and_is_written_down_with_the_old_one(boss, maya):
    client = Client()
    client.force_login(maya)
    user_set_role(actor=boss, user=maya, role=Role.ADMIN)
    maya.refresh_from_db()
    assert maya.is_admin and maya.is_staff and maya.is_superuser
    assert not DeviceSession.objects.filter(user=maya).exists()
    assert ("role", "trader", "admin") in AuditEntry.objects.get(action="user.role_changed").changes
    user_set_role(actor=boss, user=maya, role=Role.INVESTOR)
    assert not (maya.may_trade or maya.is_staff or maya.is_superuser)


def test_nobody_but_an_admin_gives_roles_or_switches_people_off(maya):
    for act in (
        lambda: user_set_role(actor=maya, user=maya, role=Role.ADMIN),
        lambda: user_switch(actor=maya, user=maya, active=False),
    ):
        with pytest.raises(RuleBroken, match="only an admin"):
            act()


def test_who_is_switched_off_is_out_everywhere_at_once(boss, maya):
    client = Client()
    client.force_login(maya)
    _, raw = make(maya)
    user_switch(actor=boss, user=maya, active=False)
    user_switch(actor=boss, user=maya, active=False)  # twice is harmless
    assert client.get("/account/profile/").status_code == 302
    assert not opens(raw)
    user_switch(actor=boss, user=maya, active=True)
    assert not opens(raw)  # what was ended stays so
    assert [e.action for e in AuditEntry.objects.filter(action__startswith="user.switched")] == [
        "user.switched_on",
        "user.switched_off",
    ]


# --- oneself


def test_a_new_password_needs_the_old_one_and_ends_the_other_sessions(maya):
    here, there = Client(), Client()
    for client in (here, there):
        client.force_login(maya)
    assert "not your password" in here.post("/account/security/password/", {"old": "x", "new": GOOD}).content.decode()
    assert "too short" in here.post("/account/security/password/", {"old": WORD, "new": "short"}).content.decode()
    assert here.post("/account/security/password/", {"old": WORD, "new": GOOD}).status_code == 302
    assert here.get("/account/profile/").status_code == 200
    assert there.get("/account/profile/").status_code == 302
    maya.refresh_from_db()
    assert maya.check_password(GOOD)


def test_guessing_the_password_from_a_stolen_session_is_stopped(maya):
    for _ in range(5):
        with pytest.raises(BadInput):
            password_change(actor=maya, old="guess", new=GOOD)
    with pytest.raises(TooOften):
        password_change(actor=maya, old=WORD, new=GOOD)


def test_passwords_are_kept_with_argon2_at_its_recommended_cost():
    from django.contrib.auth.hashers import Argon2PasswordHasher

    from velox.settings.parts import security

    assert security.PASSWORD_HASHERS[0].endswith("Argon2PasswordHasher")
    assert (Argon2PasswordHasher.time_cost, Argon2PasswordHasher.memory_cost) >= (2, 19 * 1024)


def test_a_profile_is_changed_in_its_page(client, maya):
    client.force_login(maya)
    said = {"first_name": "Maya", "last_name": "Rao", "time_zone": "Asia/Kolkata", "theme": "dark"}
    assert client.post("/account/profile/", said).status_code == 302
    maya.refresh_from_db()
    assert (maya.first_name, maya.time_zone, maya.theme) == ("Maya", "Asia/Kolkata", "dark")
    assert 'data-theme="dark"' in client.get("/account/profile/").content.decode()


@pytest.mark.parametrize(
    "fields", [{"role": "admin"}, {"is_superuser": True}, {"time_zone": "Mars/Olympus"}, {"theme": "pink"}]
)
def test_a_profile_holds_nothing_else(maya, fields):
    with pytest.raises(BadInput):
        profile_set(actor=maya, **fields)


def test_grants_are_written_down_once_each(boss, maya):
    account = builders.account()
    investor = builders.investor(username="iris")
    for _ in range(2):
        account_grant(account=account, investor=investor, actor=boss)
    for _ in range(2):
        account_revoke(account=account, investor=investor, actor=boss)
    told = AuditEntry.objects.filter(action__startswith="grant.").order_by("number")
    assert [(e.action, e.changes) for e in told] == [
        ("grant.given", [("investor", None, "iris")]),
        ("grant.taken", [("investor", "iris", None)]),
    ]


# --- keys in their page


def test_a_key_is_shown_in_the_answer_to_its_form_and_nowhere_else(client, maya):
    client.force_login(maya)
    said = {
        "name": "bot",
        "scopes": ["orders:read"],
        "days": "30",
        "addresses": "203.0.113.0/24, 10.0.0.7",
        "password": WORD,
    }
    made = client.post("/account/keys/", said)
    raw = next(
        word for word in made.content.decode().replace("<", " ").replace(">", " ").split() if word.startswith("vx_")
    )
    assert opens(raw, "10.0.0.7") and not opens(raw, "10.0.0.8")
    assert made["Cache-Control"].startswith("max-age=0")
    key = apikey_list(actor=maya).get()
    page = client.get("/account/keys/").content.decode()
    assert key.prefix in page and raw not in page
    assert client.post(f"/account/keys/{key.pk}/revoke/").status_code == 302
    assert not opens(raw, "10.0.0.7")


@pytest.mark.parametrize(
    "wrong", [{"password": "x"}, {"scopes": []}, {"addresses": "somewhere"}, {"name": ""}, {"days": "9"}]
)
def test_a_wrong_form_makes_no_key(client, maya, wrong):
    client.force_login(maya)
    said = {"name": "bot", "scopes": ["orders:read"], "days": "30", "addresses": "", "password": WORD} | wrong
    assert client.post("/account/keys/", said).status_code == 200
    assert not apikey_list(actor=maya).exists()


def test_an_investor_is_offered_what_reads(client):
    client.force_login(builders.investor())
    page = client.get("/account/keys/").content.decode()
    assert "orders:read" in page and "orders:write" not in page


# --- the back office


def test_an_admin_invites_from_the_back_office(office, mailoutbox, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        office.post("/admin/accounts/invitation/add/", {"email": "iris@example.com", "role": "investor"})
    made = Invitation.objects.get()
    assert (made.email, made.role, made.invited_by.username) == ("iris@example.com", "investor", "boss")
    assert "boss invites you" in mailoutbox[0].subject and "http://testserver/join/" in mailoutbox[0].body
    again = office.post("/admin/accounts/invitation/add/", {"email": "BOSS@example.com", "role": "admin"})
    assert "has an account already" in again.content.decode()
    for action, state in (("send_again", "withdrawn"), ("withdraw", "withdrawn")):
        office.post("/admin/accounts/invitation/", {"action": action, "_selected_action": [made.pk]})
        assert state in office.get("/admin/accounts/invitation/").content.decode()
    assert Invitation.objects.count() == 2


def test_a_role_changed_in_the_back_office_goes_through_the_service(office, maya):
    client = Client()
    client.force_login(maya)
    page = f"/admin/accounts/user/{maya.pk}/change/"
    said = {"username": "maya", "email": maya.email, "role": "investor", "is_active": "on", "time_zone": "UTC"}
    assert office.post(page, said | {"theme": "system"}).status_code == 302
    maya.refresh_from_db()
    assert maya.role == Role.INVESTOR and client.get("/account/profile/").status_code == 302
    assert AuditEntry.objects.filter(action="user.role_changed").count() == 1


@pytest.mark.parametrize("action", ["end_sessions", "unlock", "take_second_factor", "switch_off", "switch_on"])
def test_actions_on_people_are_their_services(office, maya, authenticator, action):
    authenticator(maya)
    before = AuditEntry.objects.count()
    answer = office.post(
        "/admin/accounts/user/", {"action": action, "_selected_action": [maya.pk], "sure": "yes"}, follow=True
    )
    assert "done for 1" in answer.content.decode()
    assert AuditEntry.objects.count() - before == (0 if action in ("end_sessions", "switch_on") else 1)


def test_no_page_of_the_back_office_shows_what_is_kept_secret(office, maya, authenticator):
    authenticator(maya)
    key, raw = make(maya)
    for page in (f"accounts/user/{maya.pk}/change/", f"accounts/apikey/{key.pk}/change/", "accounts/apikey/"):
        shown = office.get(f"/admin/{page}").content.decode()
        assert key.digest not in shown and raw not in shown and maya.authenticator.secret not in shown
        assert not any(session.session_key in shown for session in DeviceSession.objects.all())
