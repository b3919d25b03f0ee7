"""What an entry says, and what it never says."""

import threading
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.db import connection, transaction

from apps.audit.models import AuditEntry
from apps.audit.redact import REDACTED, difference, name_is_secret, plain
from apps.audit.selectors import audit_list, audit_of
from apps.audit.services import audit_record
from apps.audit.verify import audit_verify
from apps.common.requests import RequestFacts, request_facts_bound
from tests import builders


@pytest.mark.django_db
def test_an_entry_says_who_what_where_and_from_what_to_what():
    person, account = builders.trader(username="maya"), builders.account(name="Global")
    facts = RequestFacts("req-12345678", "203.0.113.7", "Firefox", "api key 1a2b3c4d")
    with request_facts_bound(facts):
        audit_record(
            action="account.renamed",
            actor=person,
            target=account,
            before={"name": "A", "x": 1},
            after={"name": "B", "x": 1},
        )
    entry = AuditEntry.objects.get()
    assert (entry.actor_id, entry.actor, entry.action) == (person.pk, "maya", "account.renamed")
    assert (entry.target_type, entry.target_id) == ("accounts.brokeraccount", str(account.pk))
    assert entry.changes == [("name", "A", "B")]  # what did not change is not told
    assert (entry.address, entry.agent, entry.via, entry.request_id) == (
        "203.0.113.7",
        "Firefox",
        "api key 1a2b3c4d",
        "req-12345678",
    )


@pytest.mark.django_db
def test_without_an_actor_it_was_the_system_and_a_name_is_only_a_claim():
    audit_record(action="test.happened")
    audit_record(action="test.happened", actor="mallory")
    assert list(AuditEntry.objects.order_by("number").values_list("actor_id", "actor")) == [
        (None, "system"),
        (None, "mallory"),
    ]


@pytest.mark.django_db(transaction=True)
def test_an_entry_needs_the_transaction_of_what_it_tells_of_and_falls_with_it():
    with pytest.raises(RuntimeError, match="outside a transaction"):
        audit_record(action="test.happened")
    with transaction.atomic():
        audit_record(action="test.happened", actor="first")
    with transaction.atomic():
        audit_record(action="test.happened", actor="second")
        transaction.set_rollback(True)
    with transaction.atomic():
        audit_record(action="test.happened", actor="third")
    assert list(AuditEntry.objects.order_by("number").values_list("number", "actor")) == [(1, "first"), (2, "third")]
    assert audit_verify().whole


@pytest.mark.django_db(transaction=True)
def test_writers_at_the_same_moment_make_one_chain():
    def write(name):
        for _ in range(10):
            with transaction.atomic():
                audit_record(action="test.happened", actor=name)
        connection.close()

    threads = [threading.Thread(target=write, args=[f"writer {n}"]) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    report = audit_verify()
    assert (report.entries, report.findings) == (40, [])


@pytest.mark.django_db
@pytest.mark.parametrize("action", ["", "login", "Login.Failed", "login.failed.twice", "login failed"])
def test_an_action_reads_thing_happened(action):
    with pytest.raises(ValueError, match="thing"):
        audit_record(action=action)


@pytest.mark.parametrize(
    "name",
    [
        *("password", "old_password", "newPassword", "PASSWORD_1", "api_key", "apiKey", "X-Api-Key", "client_secret"),
        *("access_token", "refreshToken", "otp", "totp_secret", "recovery_codes", "Authorization", "Set-Cookie"),
        *("private_key", "session_key", "csrfmiddlewaretoken", "credentials", "webhook_signature", "digest"),
    ],
)
def test_these_names_hide_their_values(name):
    assert name_is_secret(name)
    assert plain({name: "hunter2", "deep": [{name: "hunter2"}]}) == {name: REDACTED, "deep": [{name: REDACTED}]}


@pytest.mark.parametrize("name", ["name", "key", "monkey", "keyboard", "tokyo", "pinned", "passage", "secretary"])
def test_names_that_only_look_alike_do_not(name):
    assert plain({name: "seen"}) == {name: "seen"}


@pytest.mark.parametrize(
    "secret",
    [
        "vx_1a2b3c4d_" + "f" * 48,
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl",
        "otpauth://totp/Velox:maya?secret=JBSWY3DPEHPK3PXP",
        "argon2$argon2id$v=19$m=102400,t=2,p=8$c2FsdA$aGFzaA",
        "Bearer abcdefghijklmnop0123456789",
        "-----BEGIN RSA PRIVATE KEY-----\nMIIE",
    ],
)
def test_what_looks_like_a_secret_is_hidden_wherever_it_stands(secret):
    told = plain({"note": f"here it is: {secret} and on", "list": [secret]})
    assert secret not in str(told) and REDACTED in told["note"]


def test_passwords_in_addresses_are_hidden():
    assert plain("amqp://user:hunter2@host/x") == f"amqp://{REDACTED}@host/x"


def test_a_changed_secret_is_named_but_not_shown():
    assert difference({"password": "a", "n": 1}, {"password": "b", "n": 1}) == (
        {"password": REDACTED},
        {"password": REDACTED},
    )


@pytest.mark.django_db
def test_values_of_every_kind_can_be_told_and_verified():
    values = {
        "money": Decimal("1E+3"),
        "nan": float("nan"),
        "time": datetime(2026, 1, 1, tzinfo=UTC),
        "bytes": b"\x00\xff",
        "text": "a\x00b\ud800 ₹ 💥",
        "long": "x" * 5000,
        "deep": {"a": {"b": {"c": {"d": {"e": {"f": {"g": 1}}}}}}},
        "person": builders.trader(),
        "many": list(range(5000)),
    }
    audit_record(action="test.happened", actor="who\x00", after=values)
    told = {name: after for name, _, after in AuditEntry.objects.get().changes}
    assert (told["money"], told["nan"], told["bytes"]) == ("1000", "nan", "[2 bytes]")
    assert len(told["long"]) == 1000 and len(told["many"]) == 200
    assert audit_verify().whole


@pytest.mark.django_db
def test_an_admin_reads_all_everybody_else_what_they_did():
    maya, arjun, boss = builders.trader(), builders.trader(), builders.admin()
    for person in (maya, arjun):
        audit_record(action="test.happened", actor=person, target=boss)
    assert [entry.actor_id for entry in audit_list(actor=maya)] == [maya.pk]
    assert audit_list(actor=boss).count() == audit_of(actor=boss, target=boss).count() == 2
    maya.is_active = False
    assert not audit_list(actor=maya).exists()
