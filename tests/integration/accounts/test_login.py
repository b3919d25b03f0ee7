"""Who comes in, who is kept out, and that nobody learns more than that."""

import time

import pytest
from django.test import Client

from apps.accounts.models import Attempts, DeviceSession, User
from apps.accounts.services import (
    LoginRefused,
    SecondFactorNeeded,
    login_check,
    login_unlock,
    password_check,
)
from apps.accounts.services.limits import RULES, limits_forget
from apps.audit.models import AuditEntry
from apps.common.requests import RequestFacts, request_facts_bound
from apps.domain.errors import TooOften
from tests import builders

pytestmark = pytest.mark.django_db
WORD = "secret-word"


@pytest.fixture
def maya():
    return builders.trader(username="maya", password=WORD)


def sign_in(client, name="maya", word=WORD, address="203.0.113.7", **more):
    return client.post("/login/", {"username": name, "password": word, **more}, REMOTE_ADDR=address)


def signed_in(client):
    return "_auth_user_id" in client.session


def told(action):
    return AuditEntry.objects.filter(action=action).count()


def test_name_and_password_open_the_door_and_it_is_written_down(client, maya):
    assert sign_in(client).url == "/"
    assert signed_in(client)
    entry = AuditEntry.objects.get(action="login.passed")
    assert (entry.actor_id, entry.address) == (maya.pk, "203.0.113.7")
    assert WORD not in str(AuditEntry.objects.values_list())


def test_signing_out_is_written_down_too(client, maya):
    sign_in(client)
    assert client.post("/logout/").status_code == 302
    assert not signed_in(client) and told("login.ended") == 1


@pytest.mark.parametrize(
    "next_page, goes_to", [("/orders/", "/orders/"), ("https://evil.example/", "/"), ("//evil", "/")]
)
def test_the_next_page_is_one_of_ours(client, maya, next_page, goes_to):
    assert sign_in(client, next=next_page).url == goes_to


def test_the_session_of_before_is_not_the_session_of_after(client, maya):
    client.get("/login/")
    client.session["planted"] = 1
    before = client.session.session_key
    sign_in(client)
    assert client.session.session_key != before


@pytest.mark.parametrize("name, word", [("maya", "wrong"), ("nobody", "wrong"), ("asleep", WORD)])
def test_every_refusal_reads_the_same(client, maya, name, word):
    builders.trader(username="asleep", password=WORD, is_active=False)
    page = sign_in(client, name, word)
    assert "do not fit together, or this account is switched off" in page.content.decode()
    assert not signed_in(client)


def test_an_unknown_name_takes_as_long_as_a_known_one(settings, maya):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
    maya.set_password(WORD)
    maya.save()

    def seconds(name):
        began = time.perf_counter()
        with pytest.raises(LoginRefused):
            password_check(username=name, password="wrong")
        return time.perf_counter() - began

    known = min(seconds("maya") for _ in range(4))
    unknown = min(seconds(f"nobody{n}") for n in range(4))
    assert 0.5 < known / unknown < 2


def test_a_name_no_database_can_hold_is_refused_as_any_other():
    for name, word in (("ma\x00ya", "x"), ("maya", "\x00"), ("", ""), ("m" * 9999, "x"), ("\ud800", "x")):
        with pytest.raises(LoginRefused):
            password_check(username=name, password=word)


def test_a_typed_name_that_nobody_has_is_not_written_down(client):
    sign_in(client, "my-password-by-mistake", "x")
    assert AuditEntry.objects.get(action="login.failed").actor == "unknown name"
    assert "my-password" not in str(list(Attempts.objects.values_list()))


# --- lockout


@pytest.mark.parametrize("name", ["maya", "nobody"])
def test_five_wrong_tries_lock_the_pair_of_name_and_address_whether_or_not_somebody_has_it(client, maya, name):
    for _ in range(5):
        assert sign_in(client, name, "wrong").status_code == 200
    page = sign_in(client, name, WORD)
    assert page.status_code == 429 and 0 < int(page["Retry-After"]) <= 900
    assert "Too many attempts. Try again in 15 minutes." in page.content.decode()
    sign_in(client, name, WORD)
    assert not signed_in(client) and told("login.locked") == 1  # said once, not for every knock


def test_who_is_locked_out_elsewhere_comes_in_from_here(client, maya):
    for _ in range(6):
        sign_in(client, word="wrong")
    assert sign_in(client, address="198.51.100.1").status_code == 302


def test_many_addresses_together_lock_a_name(client, maya):
    for n in range(RULES["login_account"].most):
        sign_in(client, word="wrong", address=f"198.51.100.{n}")
    assert sign_in(client, address="192.0.2.1").status_code == 429


def test_one_address_cannot_try_many_names(client, maya):
    for n in range(RULES["login_address"].most):
        sign_in(client, f"name{n}", "wrong")
    assert sign_in(client).status_code == 429


def test_upper_case_and_blanks_do_not_count_anew(client, maya):
    for name in ("maya", "MAYA", " maya ", "Maya", "mAYA"):
        sign_in(client, name, "wrong")
    assert sign_in(client).status_code == 429


def test_the_right_password_forgets_the_wrong_ones(client, maya):
    for _ in range(3):
        for _ in range(4):
            sign_in(client, word="wrong")
        assert sign_in(client).status_code == 302
        client.post("/logout/")


def test_the_lock_opens_when_its_time_is_over_or_an_admin_says_so(client, maya):
    for _ in range(6):
        sign_in(client, word="wrong")
    Attempts.objects.update(began_s=int(time.time()) - 901)
    assert sign_in(client, word="wrong").status_code == 200  # counted anew
    for _ in range(6):
        sign_in(client, word="wrong")
    login_unlock(actor=builders.admin(), user=maya)
    assert sign_in(client).status_code == 302
    assert told("login.unlocked") == 1


def test_counters_that_no_longer_count_are_dropped(client, maya):
    sign_in(client, word="wrong")
    assert limits_forget() == 0
    Attempts.objects.update(began_s=int(time.time()) - 7200)
    assert limits_forget() == 3


def test_the_address_is_the_proxys_word_only_behind_a_proxy(client, maya, settings):
    forged = {"HTTP_X_FORWARDED_FOR": "1.1.1.1, 198.51.100.9"}
    for behind, seen in ((False, "203.0.113.7"), (True, "198.51.100.9")):
        settings.BEHIND_PROXY = behind
        client.post("/login/", {"username": "maya", "password": "wrong"}, REMOTE_ADDR="203.0.113.7", **forged)
        assert AuditEntry.objects.filter(action="login.failed").first().address == seen


# --- doors without a page


def test_the_check_for_tokens_counts_the_same_tries(maya):
    with request_facts_bound(RequestFacts(address="203.0.113.7")):
        assert login_check(username="maya", password=WORD) == maya
        for _ in range(5):
            with pytest.raises(LoginRefused):
                login_check(username="maya", password="wrong")
        with pytest.raises(TooOften) as often:
            login_check(username="maya", password=WORD)
    assert often.value.facts["retry_after_s"] > 0


def test_the_check_for_tokens_wants_the_second_factor_too(maya, authenticator):
    code = authenticator(maya)
    with pytest.raises(SecondFactorNeeded):
        login_check(username="maya", password=WORD)
    with pytest.raises(LoginRefused):
        login_check(username="maya", password=WORD, code="000000")
    assert login_check(username="maya", password=WORD, code=code()) == maya


# --- the back office


def test_the_back_office_has_no_door_of_its_own(client, maya):
    assert client.get("/admin/login/?next=/admin/").url == "/login/?next=/admin/"
    assert client.post("/admin/login/", {"username": "maya", "password": WORD}).url.startswith("/login/")
    sign_in(client)
    assert client.get("/admin/", follow=True).status_code == 403
    assert client.get("/admin/password_change/").status_code == 302


# --- devices


def test_a_session_says_whose_it_is_and_from_where(maya):
    phone, laptop = Client(headers={"user-agent": "Firefox Android"}), Client(headers={"user-agent": "Chrome Linux"})
    for client, address in ((phone, "198.51.100.1"), (laptop, "203.0.113.7")):
        sign_in(client, address=address)
    kept = {(each.user_id, each.address, each.agent) for each in DeviceSession.objects.filter(user=maya)}
    assert kept == {(maya.pk, "198.51.100.1", "Firefox Android"), (maya.pk, "203.0.113.7", "Chrome Linux")}
    page = laptop.get("/account/security/").content.decode()
    assert "Firefox on Android" in page and "198.51.100.1" in page
    assert phone.session.session_key not in page and laptop.session.session_key not in page


def test_a_device_can_be_ended_from_another(maya):
    phone, laptop = Client(), Client()
    sign_in(phone)
    sign_in(laptop)
    other = DeviceSession.objects.get(session_key=phone.session.session_key).public_id
    laptop.post(f"/account/security/sessions/{other}/end/")
    assert phone.get("/account/security/").status_code == 302
    assert laptop.get("/account/security/").status_code == 200
    assert told("session.revoked") == 1


def test_somebody_elses_session_looks_missing(maya):
    arjun, client = Client(), Client()
    builders.trader(username="arjun", password=WORD)
    sign_in(arjun, "arjun")
    sign_in(client)
    his = DeviceSession.objects.get(session_key=arjun.session.session_key).public_id
    for public_id in (his, "0" * 32):
        assert client.post(f"/account/security/sessions/{public_id}/end/").status_code == 404
    assert arjun.get("/account/security/").status_code == 200


def test_all_others_end_at_once(maya):
    clients = [Client() for _ in range(3)]
    for client in clients:
        sign_in(client)
    clients[0].post("/account/security/sessions/end/")
    assert [signed_in(client) for client in clients] == [True, False, False]


def test_last_seen_is_written_at_most_once_a_minute(client, maya, django_assert_max_num_queries):
    sign_in(client)
    row = DeviceSession.objects.get(user=maya)
    client.get("/health/live")
    client.get("/account/profile/")
    assert DeviceSession.objects.get(user=maya).seen_at == row.seen_at
    DeviceSession.objects.update(seen_at=row.seen_at - (row.expire_date - row.seen_at) / 2)
    client.get("/account/profile/", REMOTE_ADDR="192.0.2.55")
    seen = DeviceSession.objects.get(user=maya)
    assert seen.seen_at > row.seen_at and seen.address == "192.0.2.55"


def test_people_without_a_session_of_their_own_have_none_in_the_list(client):
    client.get("/login/")
    assert not DeviceSession.objects.filter(user__isnull=False).exists()
    assert User.objects.count() == 0
