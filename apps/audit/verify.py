"""Is the trail as it was written? Says which entries were changed, removed, inserted or moved.

Three things bind it: each hash covers its entry and the hash before; the head's seal, made with a key
the database does not hold, covers the last; anchors, kept outside the database, cover what stood at
the end of each day. So whoever can write the database cannot change, cut or extend the trail unseen,
and whoever also holds the key cannot change what an anchor has covered.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from django.db.models import Q

from apps.audit.anchors import Anchor
from apps.audit.chain import entry_hash, genesis, seal_holds
from apps.audit.models import AuditEntry, AuditHead


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """`number`: the entry it is about; 0 where it is about the trail as a whole. `other`: the number a
    moved entry was written under, or the last of several missing ones."""

    number: int
    kind: str
    words: str
    other: int = 0

    def names(self, number: int) -> bool:
        if self.kind == "removed":
            return self.number <= number <= self.other
        return number in (self.number, self.other)

    def __str__(self) -> str:
        return f"{self.kind}: {self.words}"


@dataclass(slots=True)
class Report:
    entries: int = 0
    last: str = ""
    anchors: int = 0
    findings: list[Finding] = field(default_factory=list)

    @property
    def whole(self) -> bool:
        return not self.findings


@dataclass(slots=True)
class _Walk:
    """One pass over the entries in order of their numbers."""

    previous: str
    number: int = 0
    count: int = 0
    trusted: bool = True  # the entry before is what its own hash says
    gaps: list[range] = field(default_factory=list)
    broken: dict[int, AuditEntry] = field(default_factory=dict)  # not what its own hash says
    loose: set[int] = field(default_factory=set)  # is what its hash says, but what follows was bound to another

    def step(self, entry: AuditEntry) -> None:
        gap = entry.number > self.number + 1
        if gap:
            self.gaps.append(range(self.number + 1, entry.number))
        if entry_hash(entry.previous_hash, entry.told()) != entry.hash:
            self.broken[entry.number] = entry
            self.trusted = False
        else:
            if entry.previous_hash != self.previous and not gap and self.trusted:
                self.loose.add(self.number or entry.number)
            self.trusted = True
        self.previous, self.number, self.count = entry.hash, entry.number, self.count + 1


def audit_verify(anchors: Iterable[Anchor] = ()) -> Report:
    """Read the whole trail and compare it with itself, with its head and with the anchors."""
    head = AuditHead.objects.first()
    if head is None:
        return _without_head()
    walk = _Walk(genesis(head.installation))
    for entry in AuditEntry.objects.order_by("number").iterator(2000):
        walk.step(entry)
    report = Report(walk.count, walk.previous if walk.count else "")
    report.findings = sorted({*_head(head, walk), *_entries(head, walk), *_anchored(head, list(anchors), report)})
    return report


def _without_head() -> Report:
    count = AuditEntry.objects.count()
    words = f"the head of the trail is gone; {count} entries stand without an end"
    return Report(count, findings=[Finding(0, "head", words)] if count else [])


def _head(head: AuditHead, walk: _Walk) -> Iterator[Finding]:
    if not seal_holds(head.installation, head.number, head.hash, head.seal):
        yield Finding(0, "head", f"the head says the trail ends at {head.number}, and its seal was not made here")
    if walk.number == head.number and walk.trusted and walk.previous != head.hash:
        walk.loose.add(walk.number)


def _entries(head: AuditHead, walk: _Walk) -> Iterator[Finding]:
    moved = {number: was for number, entry in walk.broken.items() if (was := _original(entry)) is not None}
    places = [*walk.gaps, range(walk.number + 1, head.number + 1), *(range(n, n + 1) for n in moved)]
    for hole in _without(places, set(moved.values()), head.number):
        words = f"entry {hole[0]} is" if len(hole) == 1 else f"entries {hole[0]} to {hole[-1]} are"
        yield Finding(hole[0], "removed", f"{words} missing", hole[-1])
    for number, was in moved.items():
        yield Finding(number, "moved", f"what stands at {number} was written as entry {was}", was)
    taken = set(moved.values()) - moved.keys()  # whose places others may stand at
    others = Q(number__in=taken) | Q(number__gt=head.number)
    inserted = set(AuditEntry.objects.filter(others).values_list("number", flat=True)) - moved.keys()
    for number in sorted(inserted):
        yield Finding(number, "inserted", f"entry {number} was never written by this installation")
    for number in sorted((walk.broken.keys() | walk.loose) - moved.keys() - inserted):
        yield Finding(number, "changed", f"entry {number} is not what was written")


def _without(places: list[range], found: set[int], end: int) -> Iterator[range]:
    """The places up to `end`, less the numbers whose entries were found elsewhere."""
    for place in places:
        first, stop = place.start, min(place.stop, end + 1)
        for number in sorted(n for n in found if first <= n < stop):
            if number > first:
                yield range(first, number)
            first = number + 1
        if first < stop:
            yield range(first, stop)


def _original(entry: AuditEntry) -> int | None:
    """The number under which this very entry hashes to its hash, where it is another one than it bears."""
    before = AuditEntry.objects.filter(hash=entry.previous_hash).values_list("number", flat=True)
    near = {entry.number - 1, entry.number + 1, *(number + 1 for number in before)} - {entry.number}
    told = entry.told()
    for number in sorted(near):
        if entry_hash(entry.previous_hash, told | {"number": number}) == entry.hash:
            return number
    return None


def _anchored(head: AuditHead, anchors: list[Anchor], report: Report) -> Iterator[Finding]:
    report.anchors = len(anchors)
    hashes = dict(AuditEntry.objects.filter(number__in=[a.number for a in anchors]).values_list("number", "hash"))
    for anchor in anchors:
        if anchor.installation and anchor.installation != str(head.installation):
            words = f"the anchor of {anchor.at} is of another installation ({anchor.installation})"
            yield Finding(anchor.number, "anchor", words)
        elif anchor.number and anchor.number not in hashes:
            words = f"entry {anchor.number} was there on {anchor.at} and is gone: the end was cut off"
            yield Finding(anchor.number, "removed", words, anchor.number)
        elif anchor.number and hashes[anchor.number] != anchor.hash:
            words = f"entry {anchor.number} or one before it is not what was anchored on {anchor.at}"
            yield Finding(anchor.number, "anchor", words)
