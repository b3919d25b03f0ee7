"""Keys for programs: shown once, recognised by a hash, and good for exactly what they say."""

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.accounts.models import ApiKey
from apps.accounts.scopes import SCOPES
from apps.accounts.selectors import apikey_list
from apps.accounts.services import apikey_authenticate, apikey_create, apikey_revoke, apikeys_revoke_all
from apps.audit.models import AuditEntry
from apps.domain.errors import BadInput, NotFound, RuleBroken
from tests import builders

pytestmark = pytest.mark.django_db
HOME = "203.0.113.7"


def make(actor=None, **facts):
    wanted = {"name": "bot", "scopes": ["orders:read"], "expires_at": timezone.now() + timedelta(days=30)} | facts
    return apikey_create(actor=actor or builders.trader(), **wanted)


def opens(raw, address=HOME):
    try:
        apikey_authenticate(raw, address)
    except NotFound:
        return False
    return True


def test_a_key_lets_its_owner_in_with_its_scopes():
    key, raw = make(scopes=["orders:write", "orders:read"])
    assert apikey_authenticate(raw, HOME) == (key.owner, frozenset({"orders:read", "orders:write"}))
    key.refresh_from_db()
    assert key.last_address == HOME and key.last_used_at is not None


def test_nothing_stored_or_written_down_tells_the_key():
    key, raw = make()
    secret = raw.rsplit("_", 1)[1]
    stored = [str(value) for value in ApiKey.objects.filter(pk=key.pk).values_list()[0]]
    told = [str(value) for entry in AuditEntry.objects.values_list() for value in entry]
    assert raw.startswith(f"vx_{key.prefix}_")
    assert not any(secret in text for text in stored + told)


def test_a_revoked_an_expired_and_an_unknown_key_open_nothing():
    key, raw = make()
    assert opens(raw)
    ApiKey.objects.update(expires_at=timezone.now())
    assert not opens(raw)
    ApiKey.objects.update(expires_at=timezone.now() + timedelta(days=1))
    apikey_revoke(actor=key.owner, key_id=key.pk)
    apikey_revoke(actor=key.owner, key_id=key.pk)  # twice is harmless
    assert not opens(raw)
    assert AuditEntry.objects.filter(action="apikey.revoked").count() == 1


@pytest.mark.parametrize("change", [lambda raw: raw[:-1], lambda raw: raw[:-1] + "x", str.upper, lambda raw: raw + "0"])
def test_one_wrong_character_opens_nothing(change):
    _, raw = make()
    assert not opens(change(raw))


@pytest.mark.parametrize(
    "raw", ["", "vx", "vx__", "vx_00000000_", "a" * 9999, "vx_\x00_\ud800", "vx_00000000_" + "0" * 48]
)
def test_nonsense_opens_nothing(raw):
    assert not opens(raw)


def test_the_key_of_somebody_switched_off_opens_nothing():
    key, raw = make()
    key.owner.is_active = False
    key.owner.save()
    assert not opens(raw)


@pytest.mark.parametrize(
    "allowed, address, let_in",
    [
        ([], "198.51.100.1", True),
        (["203.0.113.7"], "203.0.113.7", True),
        (["203.0.113.7"], "203.0.113.8", False),
        (["203.0.113.0/24", "2001:db8::/32"], "203.0.113.200", True),
        (["203.0.113.0/24", "2001:db8::/32"], "2001:db8::1", True),
        (["203.0.113.0/24"], "::ffff:203.0.113.9", True),
        (["203.0.113.0/24"], "", False),
        (["203.0.113.0/24"], "unix:", False),
    ],
)
def test_a_key_is_used_only_from_its_addresses(allowed, address, let_in):
    _, raw = make(addresses=allowed)
    assert opens(raw, address) is let_in


@pytest.mark.parametrize(
    "wrong, field",
    [
        ({"name": "  "}, "name"),
        ({"name": "x" * 65}, "name"),
        ({"name": "a\x00b"}, "name"),
        ({"scopes": []}, "scopes"),
        ({"scopes": ["orders:eat"]}, "scopes"),
        ({"addresses": ["somewhere"]}, "addresses"),
        ({"addresses": ["203.0.113.7/24"]}, "addresses"),
        ({"addresses": [f"10.0.0.{n}" for n in range(21)]}, "addresses"),
        ({"expires_at": timezone.now() - timedelta(seconds=1)}, "expires_at"),
        ({"expires_at": timezone.now() + timedelta(days=400)}, "expires_at"),
        ({"expires_at": timezone.now().replace(tzinfo=None)}, "expires_at"),
    ],
)
def test_what_cannot_be_is_refused_beside_its_field(wrong, field):
    with pytest.raises(BadInput) as refused:
        make(**wrong)
    assert refused.value.facts["field"] == field
    assert not ApiKey.objects.exists()


def test_a_name_is_taken_until_its_key_is_revoked():
    key, _ = make()
    with pytest.raises(BadInput, match="already have a key named bot"):
        make(key.owner)
    apikey_revoke(actor=key.owner, key_id=key.pk)
    make(key.owner)


def test_who_may_not_trade_gets_keys_that_read():
    investor = builders.investor()
    make(investor, scopes=["portfolio:read"])
    with pytest.raises(BadInput, match="only have keys that read"):
        make(investor, name="other", scopes=["orders:write"])


def test_there_is_an_end_to_keys():
    person = builders.trader()
    for n in range(25):
        make(person, name=f"bot {n}")
    with pytest.raises(RuleBroken, match="revoke one"):
        make(person, name="one more")


def test_somebody_elses_key_looks_missing_but_an_admin_may_end_it():
    key, raw = make()
    for key_id in (key.pk, 10**9):
        with pytest.raises(NotFound, match="no such API key"):
            apikey_revoke(actor=builders.trader(), key_id=key_id)
    assert not apikey_list(actor=builders.trader()).exists()
    apikey_revoke(actor=builders.admin(), key_id=key.pk)
    assert not opens(raw)


def test_all_keys_of_a_person_can_be_ended_at_once():
    person = builders.trader()
    raws = [make(person, name=name)[1] for name in ("a", "b")]
    assert apikeys_revoke_all(actor=None, owner=person) == 2
    assert not any(map(opens, raws))


def test_use_is_noted_at_most_once_a_minute(django_assert_num_queries):
    _, raw = make()
    opens(raw)
    with django_assert_num_queries(1):
        assert opens(raw)


def test_keys_stay_good_when_the_secret_key_is_replaced_and_the_old_one_kept(settings):
    _, raw = make()
    old, settings.SECRET_KEY = settings.SECRET_KEY, "another-key-" * 6
    assert not opens(raw)
    settings.SECRET_KEY_FALLBACKS = [old]
    assert opens(raw)


def test_every_scope_says_in_words_what_it_is_for():
    assert all(words and scope.split(":")[1] in ("read", "write") for scope, words in SCOPES.items())
