"""What two machines know, united: nothing is lost, and it does not matter who unites with whom first."""

from __future__ import annotations

import hashlib
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from pdp.manifest import current_exports, next_order, union
from pdp.state.union import only_ours, renumbered

IDS = ("a.csv", "b.csv", "c.csv")


def at(minute: int) -> str:
    return f"2026-11-23T{minute // 60:02d}:{minute % 60:02d}:00.000Z"


@st.composite
def manifests(draw: st.DrawFn) -> dict[str, Any]:
    """A source's manifest as polls at some minutes leave it: documents come, change, go; some polls fail.

    Some are of a program that knew no order, and the clock may have been set back or forward between two polls.
    """
    documents: dict[str, dict[str, Any]] = {}
    polled, since = None, None
    order: dict[str, str] = {}
    has_order = draw(st.booleans())
    minutes = sorted(draw(st.sets(st.integers(0, 12), min_size=1, max_size=4)))
    for minute in draw(st.permutations(minutes)) if has_order else minutes:
        if draw(st.integers(0, 4)) == 0:
            since = since or at(minute)
            continue
        last = order
        if has_order:
            order = {
                "order": next_order({"polled_at": polled, "documents": list(documents.values())} | last, at(minute))
            }
        listed = draw(st.dictionaries(st.sampled_from(IDS), st.integers(0, 2), max_size=3))
        for name, version in listed.items():
            digest = hashlib.sha256(f"{name}{version}".encode()).hexdigest()
            known = documents.setdefault(name, {"id": name, "name": name, "present": True, "revisions": []})
            revisions = known["revisions"]
            if not revisions or revisions[-1]["sha256"] != digest:
                if revisions:
                    revisions[-1] |= {"last_seen": polled} | last
                about = {"export": digest[:16], "sha256": digest, "checksum": digest, "bytes": 1, "modified": None}
                revisions.append({**about, "first_seen": at(minute)})
            revisions[-1] |= {"last_seen": at(minute)} | order
        for name, document in documents.items():
            if document["present"] != (name in listed):
                change = {"at": at(minute), "present": name in listed}
                document["presence"] = sorted([*document.get("presence", []), change], key=lambda each: each["at"])
            document["present"] = name in listed
        polled, since = at(minute), None
    manifest = {"subject": "ada", "source": "cuff", "reachable": since is None, "why": "gone" if since else None}
    manifest |= {"unreachable_since": since} if since else {}
    ordered = [documents[name] for name in sorted(documents)]
    return {**manifest, "polled_at": polled or at(minutes[-1]), **order, "documents": ordered}


def seen(manifest: dict[str, Any]) -> set[tuple[str, str, str]]:
    return {(d["id"], r["export"], r["first_seen"]) for d in manifest["documents"] for r in d["revisions"]}


@settings(deadline=None)
@given(manifests())
def test_a_manifest_united_with_itself_is_the_same(one: dict[str, Any]) -> None:
    assert union(one, one) == one


@settings(deadline=None)
@given(manifests(), manifests())
def test_it_does_not_matter_which_machine_unites(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert union(one, other) == union(other, one)


@settings(deadline=None)
@given(manifests(), manifests(), manifests())
def test_it_does_not_matter_which_two_of_three_machines_meet_first(one: Any, other: Any, third: Any) -> None:
    assert union(union(one, other), third) == union(one, union(other, third))


@settings(deadline=None)
@given(manifests(), manifests())
def test_no_revision_is_lost_and_none_is_made_up(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert seen(union(one, other)) == seen(one) | seen(other)


def of(polled: int, present: dict[str, str], *, reachable: bool = True) -> dict[str, Any]:
    documents = []
    for name, content in sorted(present.items()):
        digest = hashlib.sha256(content.encode()).hexdigest()
        about = {"export": digest[:16], "sha256": digest, "checksum": digest, "bytes": 1, "modified": None}
        revision = {**about, "first_seen": at(polled), "last_seen": at(polled)}
        documents.append({"id": name, "name": name, "present": True, "revisions": [revision]})
    about = {"subject": "ada", "source": "cuff", "reachable": reachable, "why": None if reachable else "unplugged"}
    return {**about, "polled_at": at(polled), "documents": documents}


def test_the_later_poll_says_what_a_source_has_now() -> None:
    earlier, later = of(1, {"a.csv": "old", "b.csv": "was deleted"}), of(2, {"a.csv": "new"})

    united = union(later, earlier)

    assert {d["id"]: d["present"] for d in united["documents"]} == {"a.csv": True, "b.csv": False}
    assert current_exports(united, "drop") == [hashlib.sha256(b"new").hexdigest()[:16]]
    assert united["polled_at"] == at(2)


def test_a_machine_that_never_reached_the_source_makes_nothing_vanish() -> None:
    known, never = of(1, {"a.csv": "reading"}), of(5, {}, reachable=False)

    united = union(never, known)

    assert united["reachable"]
    assert united["documents"][0]["present"]


def test_what_one_of_two_polls_of_the_same_instant_found_is_there_whoever_unites_first() -> None:
    both, one, older = of(2, {"a.csv": "x", "b.csv": "y"}), of(2, {"a.csv": "x"}), of(1, {"a.csv": "x"})

    united = union(union(both, older), one)

    assert united == union(both, union(older, one))
    assert {d["id"]: d["present"] for d in united["documents"]} == {"a.csv": True, "b.csv": True}


receipts = st.lists(st.integers(0, 12), unique=True, max_size=8).map(
    lambda ids: [{"kind": "job", "id": str(id), "seq": number} for number, id in enumerate(ids, start=1)]
)


@settings(deadline=None)
@given(receipts, receipts)
def test_united_receipts_have_each_id_and_each_number_once_and_keep_both_orders(theirs: Any, ours: Any) -> None:
    extra = renumbered(theirs, only_ours(theirs, ours))
    united = [*theirs, *extra]

    assert {each["id"] for each in united} == {each["id"] for each in [*theirs, *ours]}
    assert len({each["id"] for each in united}) == len({each["seq"] for each in united}) == len(united)
    assert [each["id"] for each in extra] == [each["id"] for each in ours if each["id"] in {e["id"] for e in extra}]
    assert all(each["seq"] > max((t["seq"] for t in theirs), default=0) for each in extra)
    assert renumbered(united, only_ours(united, ours)) == []


def test_a_run_has_no_number_and_gets_none() -> None:
    assert renumbered([{"kind": "job", "id": "1", "seq": 7}], [{"kind": "run", "id": "2"}]) == [
        {"kind": "run", "id": "2"}
    ]
