"""Whatever is done to the stored trail, audit_verify finds it and names the entry."""

import io
import uuid
from datetime import UTC, datetime

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.audit import guard
from apps.audit.anchors import Anchor, anchor_write, anchors_read
from apps.audit.chain import entry_hash, genesis, head_seal
from apps.audit.models import AuditEntry, AuditHead
from apps.audit.services import audit_record
from apps.audit.verify import Finding, audit_verify
from apps.domain.errors import RuleBroken
from tests import builders

TABLE = AuditEntry._meta.db_table
COUNT = 7

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def anchors(settings, tmp_path):
    settings.AUDIT_DIR = tmp_path
    return tmp_path / "anchors.log"


@pytest.fixture
def trail():
    return write(COUNT)


def write(count):
    for n in range(count):
        audit_record(action="test.happened", actor=f"somebody {n}", before={"n": n}, after={"n": n + 1})
    return AuditEntry.objects.order_by("number")


def sql(statement, *params):
    with connection.cursor() as cursor:
        cursor.execute(statement, params)


def change(number, /, **columns):
    names = ", ".join(f'"{name}" = %s' for name in columns)
    sql(f'UPDATE {TABLE} SET {names} WHERE "number" = %s', *columns.values(), number)


def remove(number):
    sql(f'DELETE FROM {TABLE} WHERE "number" = %s', number)


def insert(entry, number):
    """A copy of an entry under another number, in the way a forger would make one who knows how hashes are made."""
    told = entry.told() | {"number": number, "actor": "forger"}
    before = AuditEntry.objects.filter(number=number - 1).values_list("hash", flat=True).first() or ""
    AuditEntry.objects.bulk_create([AuditEntry(**told, previous_hash=before, hash=entry_hash(before, told))])


def rehash(number, /, **columns):
    """Change an entry and make its own hash fit again."""
    change(number, **columns)
    entry = AuditEntry.objects.get(number=number)
    change(number, hash=entry_hash(entry.previous_hash, entry.told()))


def found(anchors=()):
    return [(finding.kind, finding.number) for finding in audit_verify(anchors).findings]


def test_an_untouched_trail_is_whole(trail):
    report = audit_verify()
    assert (report.entries, report.whole, report.last) == (COUNT, True, trail.last().hash)


def test_an_empty_trail_is_whole():
    assert audit_verify().whole


def test_the_hash_is_sha256_over_the_hash_before_and_the_canonical_entry(trail):
    import hashlib
    import json

    first = trail[0]
    told = first.told() | {"at": first.at.strftime("%Y-%m-%dT%H:%M:%S.%f+00:00")}
    text = json.dumps(told, sort_keys=True, separators=(",", ":"))
    start = genesis(AuditHead.objects.get().installation)
    assert first.previous_hash == start
    assert first.hash == hashlib.sha256((start + text).encode()).hexdigest()
    assert trail[1].previous_hash == first.hash


def test_a_removed_entry_is_named(trail):
    remove(3)
    assert found() == [("removed", 3)]


def test_a_cut_off_end_is_named(trail):
    remove(6)
    remove(7)
    (finding,) = audit_verify().findings
    assert str(finding) == "removed: entries 6 to 7 are missing"


def test_swapped_entries_are_named(trail):
    change(4, number=99)
    change(5, number=4)
    change(99, number=5)
    assert found() == [("moved", 4), ("moved", 5)]


def test_a_removed_entry_is_named_even_if_the_rest_closes_up(trail):
    remove(3)
    for number in range(4, COUNT + 1):
        change(number, number=number - 1)
    assert ("removed", 3) in found()


def test_an_inserted_entry_is_named_even_if_the_rest_makes_room(trail):
    for number in range(COUNT, 3, -1):
        change(number, number=number + 1)
    insert(trail[0], 4)
    assert ("inserted", 4) in found()


def test_an_entry_added_at_the_end_with_a_fitting_hash_is_named(trail):
    insert(trail[0], COUNT + 1)
    assert found() == [("inserted", COUNT + 1)]


@pytest.mark.parametrize("number", range(1, COUNT + 1))
def test_a_changed_entry_with_its_hash_made_anew_is_named(trail, number):
    rehash(number, actor="nobody")
    assert found() == [("changed", number)]


def test_a_trail_rewritten_to_its_end_without_the_key_is_found(trail):
    for number in range(3, COUNT + 1):
        before = AuditEntry.objects.get(number=number - 1).hash
        rehash(number, actor="nobody", previous_hash=before)
    head = AuditHead.objects.get()
    sql(f"UPDATE {AuditHead._meta.db_table} SET hash = %s", trail.last().hash)
    assert found() == [("head", 0)]
    assert head.number == COUNT


def test_a_trail_rewritten_to_its_end_with_the_key_is_found_by_its_anchor(trail, anchors):
    anchor = anchor_write()
    for number in range(3, COUNT + 1):
        before = AuditEntry.objects.get(number=number - 1).hash
        rehash(number, actor="nobody", previous_hash=before)
    head, last = AuditHead.objects.get(), trail.last().hash
    AuditHead.objects.update(hash=last, seal=head_seal(head.installation, COUNT, last))
    assert audit_verify().whole
    assert found([anchor]) == [("anchor", COUNT)]


def test_an_end_cut_off_with_the_key_is_found_by_its_anchor(trail, anchors):
    anchor = anchor_write()
    for number in (6, 7):
        remove(number)
    head, last = AuditHead.objects.get(), AuditEntry.objects.get(number=5).hash
    AuditHead.objects.update(number=5, hash=last, seal=head_seal(head.installation, 5, last))
    assert audit_verify().whole
    assert found([anchor]) == [("removed", COUNT)]


def test_without_its_head_the_trail_is_not_whole_and_goes_on_all_the_same(trail):
    AuditHead.objects.all().delete()
    assert found() == [("head", 0)]
    assert audit_record(action="test.happened") == COUNT + 1
    assert found() == [("changed", 1)]  # it does not begin as this installation's would


def test_an_anchor_of_another_installation_is_told(trail):
    assert found([Anchor(1, "0" * 64, str(uuid.uuid4()), "yesterday")]) == [("anchor", 1)]


COLUMNS = [field.name for field in AuditEntry._meta.fields if field.name not in ("number", "at", "actor_id")]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    number=st.integers(1, COUNT),
    name=st.sampled_from([*COLUMNS, "number", "at", "actor_id"]),
    data=st.data(),
)
def test_any_change_of_any_column_of_any_entry_is_found_and_named(trail, number, name, data):
    with transaction.atomic():
        old = AuditEntry.objects.values_list(name, flat=True).get(number=number)
        values = {
            "number": st.integers(COUNT + 1, 10**9),
            "at": st.datetimes(datetime(1970, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),
            "actor_id": st.integers(1, 10**9),
        }.get(name, st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=32))
        new = data.draw(values.filter(lambda value: value != old))
        change(number, **{name: AuditEntry._meta.get_field(name).get_db_prep_save(new, connection)})
        assert any(finding.names(number) for finding in audit_verify().findings)
        transaction.set_rollback(True)
    assert audit_verify().whole


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations(range(1, COUNT + 1)).filter(lambda order: list(order) != sorted(order)))
def test_any_new_order_is_found_and_names_every_entry_that_moved(trail, order):
    with transaction.atomic():
        for number in range(1, COUNT + 1):
            change(number, number=1000 + number)
        for number, place in enumerate(order, 1):
            change(1000 + number, number=place)
        moved = {place for number, place in enumerate(order, 1) if number != place}
        assert moved <= {finding.number for finding in audit_verify().findings}
        transaction.set_rollback(True)


# --- told by the command


def verify(*args):
    out = io.StringIO()
    call_command("audit_verify", *args, stdout=out, stderr=out)
    return out.getvalue()


def test_the_command_says_that_all_is_well_and_checks_the_anchors_it_finds(trail, anchors):
    call_command("audit_anchor", stdout=io.StringIO())
    assert verify().startswith(f"{COUNT} entries, 1 anchors: the trail is what was written")


def test_the_command_fails_and_names_what_is_wrong(trail):
    change(2, actor="nobody")
    out = io.StringIO()
    with pytest.raises(CommandError, match="not what was written"):
        call_command("audit_verify", stderr=out)
    assert "changed: entry 2 is not what was written" in out.getvalue()


def test_an_anchor_out_of_a_mail_can_be_given_by_hand(trail, settings, mailoutbox):
    settings.AUDIT_MAIL = ["auditor@example.com"]
    anchor = anchor_write()
    assert str(anchor) in mailoutbox[0].body
    verify("--anchor", str(anchor))
    with pytest.raises(CommandError):
        verify("--anchor", f"{COUNT + 1}:{anchor.hash}")


@pytest.mark.parametrize("text", ["", "7", "x:y", f"²:{'a' * 64}", "7:abc"])
def test_what_is_no_anchor_is_refused(trail, text):
    with pytest.raises(CommandError, match="NUMBER:HASH"):
        verify("--anchor", text)


def test_a_spoilt_file_of_anchors_is_not_read_over(trail, anchors):
    anchor_write()
    anchors.write_text(anchors.read_text() + "{}\n")
    with pytest.raises(CommandError, match="line 2 is not an anchor"):
        verify()


def test_anchors_gather_in_their_file(trail, anchors):
    first, second = anchor_write(), anchor_write()
    assert anchors_read() == [first, second]


def test_findings_read_as_sentences():
    assert str(Finding(3, "removed", "entry 3 is missing")) == "removed: entry 3 is missing"


# --- nobody changes it by accident


def test_models_and_querysets_refuse_to_change_the_trail(trail):
    entry = trail.first()
    for attempt in (entry.save, entry.delete, AuditEntry.objects.all().delete, AuditEntry.objects.update):
        with pytest.raises(RuleBroken):
            attempt()


def test_the_database_refuses_too(trail):
    guard.guard_install(connection)
    for attempt in (lambda: change(1, actor="x"), lambda: remove(1)):
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            attempt()
    assert audit_verify().whole
    guard.guard_remove(connection)


def test_a_head_sealed_under_an_earlier_key_is_still_believed(trail, settings):
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another-key-" * 6
    assert audit_verify().whole
    settings.SECRET_KEY_FALLBACKS = []
    assert found() == [("head", 0)]


def test_entries_are_about_things_that_may_be_gone(trail):
    person = builders.trader(username="leaver")
    audit_record(action="test.happened", actor=person, target=person)
    person.delete()
    last = trail.last()
    assert (last.actor, last.target_type, last.target) == ("leaver", "accounts.user", "leaver")
    assert audit_verify().whole
