"""A clock that was wrong once, on one machine, decides nothing about what comes after it."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from pdp import ingest
from pdp.forgotten import Forgotten
from pdp.manifest import arrived_ms, current_exports, union
from pdp.transports import Document, Listing
from tests.state.machines import Machine, State

FUTURE = "2029-11-23T06:00:00.000Z"
PAST = "1970-01-01T00:00:03.000Z"
CLOCKS = (FUTURE, PAST, "2026-11-23T06:00:00.000Z", "2026-11-23T07:00:00.000Z")


class Clone:
    """A machine's memory of one source that all machines can see."""

    def __init__(self) -> None:
        self.manifest: dict[str, Any] | None = None
        self.forgotten = Forgotten()
        self._raw: dict[str, int] = {}

    def keep(self, stream: Any) -> tuple[str, int, bool]:
        data = stream.read()
        digest = hashlib.sha256(data).hexdigest()
        self._raw[digest[:16]] = len(data)
        return digest, len(data), False

    def is_copy(self, export: str) -> bool:
        return False

    def holds(self, export: str, size: int) -> bool:
        return self._raw.get(export) == size

    def recall(self, source: str) -> dict[str, Any] | None:
        return self.manifest

    def poll(self, files: dict[str, str], now: str) -> None:
        @contextmanager
        def fetch(settings: object, document: Document) -> Iterator[io.BytesIO]:
            yield io.BytesIO(files[document.id].encode())

        def documents(settings: object) -> Listing:
            return Listing(
                tuple(Document(n, n, len(t), "", f"sha256:{digest(t)}") for n, t in sorted(files.items())), {}
            )

        transport: Any = SimpleNamespace(documents=documents, fetch=fetch)
        polled = ingest.poll(
            transport, None, raw=self, subject="ada", source="cuff", now=now, fail_if_unreachable=False
        )
        self.manifest = polled.manifest

    def meet(self, other: Clone) -> None:
        """Both know what each of them knew, as after a push and a pull."""
        known = [each.manifest for each in (self, other) if each.manifest is not None]
        if len(known) == 2:
            self.manifest = other.manifest = union(*known)
        elif known:
            self.manifest = other.manifest = known[0]

    @property
    def current(self) -> list[str]:
        return current_exports(self.manifest, "drop") if self.manifest is not None else []


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def exports(*texts: str) -> list[str]:
    return sorted(digest(text)[:16] for text in texts)


def test_what_came_after_a_poll_of_a_clock_that_was_ahead_is_not_undone_by_it() -> None:
    ahead, right, third = Clone(), Clone(), Clone()
    ahead.poll({"a.csv": "one", "b.csv": "wrong"}, FUTURE)
    right.meet(ahead)
    third.meet(ahead)

    right.poll({"a.csv": "one", "b.csv": "corrected", "c.csv": "new"}, "2026-11-23T06:00:00.000Z")
    third.meet(right)

    assert third.current == exports("one", "corrected", "new")
    ahead.meet(third)
    assert ahead.current == exports("one", "corrected", "new")


def test_a_poll_of_a_clock_that_stood_at_its_first_day_counts_as_later_than_what_it_knew() -> None:
    first, without_battery = Clone(), Clone()
    first.poll({"a.csv": "old"}, "2026-11-23T06:00:00.000Z")
    without_battery.meet(first)
    without_battery.poll({"a.csv": "new"}, PAST)
    first.meet(without_battery)
    assert first.current == exports("new")


def test_a_manifest_of_before_that_a_clock_ahead_wrote_is_followed_by_the_next_poll() -> None:
    machine, other = Clone(), Clone()
    machine.poll({"a.csv": "old"}, FUTURE)
    assert machine.manifest is not None
    del machine.manifest["order"]
    for document in machine.manifest["documents"]:
        del document["revisions"][0]["order"]
    other.meet(machine)
    other.poll({"a.csv": "new"}, "2026-11-23T06:00:00.000Z")
    machine.meet(other)
    assert machine.current == exports("new")


def test_times_stay_what_the_clock_said() -> None:
    machine = Clone()
    machine.poll({"a.csv": "old"}, FUTURE)
    machine.poll({"a.csv": "new"}, "2026-11-23T06:00:00.000Z")
    assert machine.manifest is not None
    assert machine.manifest["polled_at"] == "2026-11-23T06:00:00.000Z"
    assert machine.manifest["order"] == "2029-11-23T06:00:00.001Z"
    assert arrived_ms(machine.manifest, *exports("new")) == 1_795_413_600_000


def test_of_polls_that_knew_nothing_of_each_other_the_later_one_counts_however_many_the_other_made() -> None:
    often, once = Clone(), Clone()
    for minute in range(9):
        often.poll({"a.csv": "morning"}, f"2026-11-23T06:0{minute}:00.000Z")
    once.poll({"a.csv": "evening"}, "2026-11-23T18:00:00.000Z")
    often.meet(once)
    assert often.current == exports("evening")


places = st.dictionaries(st.sampled_from(("a", "b", "c")), st.sampled_from(("1", "2", "3")), min_size=1)
steps = st.lists(
    st.one_of(
        st.tuples(st.integers(0, 2), places, st.sampled_from(CLOCKS)),
        st.tuples(st.integers(0, 2), st.integers(0, 2)),
    ),
    max_size=8,
)


@settings(deadline=None)
@given(steps, places, st.sampled_from(CLOCKS), st.permutations(range(3)))
def test_whatever_the_clocks_said_the_poll_that_knows_all_others_counts_on_every_machine(
    before: Any, files: dict[str, str], now: str, order: list[int]
) -> None:
    machines = [Clone(), Clone(), Clone()]
    for step in before:
        if len(step) == 3:
            machines[step[0]].poll(step[1], step[2])
        elif step[0] != step[1]:
            machines[step[0]].meet(machines[step[1]])
    last = machines[order[0]]
    stale = [Clone() for _ in machines]
    for copy, machine in zip(stale, machines, strict=True):
        copy.manifest = machine.manifest
        last.meet(machine)

    last.poll(files, now)
    for index in order:
        last.meet(stale[index])

    assert last.current == sorted({digest(text)[:16] for text in files.values()})


def test_tables_of_a_run_that_ended_well_travel_after_a_failed_one_of_a_clock_ahead(tmp_path: Path) -> None:
    state = State(tmp_path / "state").make()
    machine = Machine(tmp_path / "machine", state, hour=23)
    machine.arrive(b"one")
    machine.compute(status="FAIL")
    machine.hour = 6
    machine.compute()
    assert machine.push().has_tables


def test_tables_of_a_failed_run_stay_after_one_that_ended_well_on_a_clock_ahead(tmp_path: Path) -> None:
    state = State(tmp_path / "state").make()
    machine = Machine(tmp_path / "machine", state, hour=23)
    machine.arrive(b"one")
    machine.compute()
    machine.hour = 6
    machine.compute(status="FAIL")
    assert not machine.push().has_tables
