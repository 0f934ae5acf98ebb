"""Erasure in folders as runs leave them: killed anywhere, on two machines, and what a source still offers."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from io import BytesIO
from pathlib import Path

import pytest

from pdp import arrivals, forgotten, ingest, leftovers, store
from pdp.aside import aside
from pdp.errors import StateError, StoreError
from pdp.forget import carry_out, receipts
from pdp.forget import journal as journals
from pdp.forget.carry_out import Done
from pdp.forget.plan import Asked, ForgetError, plan
from pdp.forgotten import Entry, Forgotten, ForgottenError, mark
from pdp.raw_store import RawStore
from pdp.run import FORGETTING
from pdp.state import garbage, log, verify
from pdp.state.backends import Step, no_step
from pdp.transports import Document, Listing
from tests.state.machines import SUBJECT, Machine, State
from tests.workbooks import WHY_UNCUTTABLE, cells, every_byte, plain, uncuttable

DIARY = b"Date,Systolic\n2025-05-01,Canary-7f3a\n"
OTHER = b"Date,Systolic\n2025-05-02,131\n"
ASKED = Asked(SUBJECT, "export", "diary.csv")


class KilledError(BaseException):
    """Stands in for SIGKILL."""


@pytest.fixture
def state(tmp_path: Path) -> State:
    return State(tmp_path / "store").make()


@pytest.fixture
def one(tmp_path: Path, state: State) -> Machine:
    """A machine that pushed twice, the diary among it."""
    machine = Machine(tmp_path / "one", state, hour=6)
    machine.arrive(OTHER)
    machine.arrive(DIARY, document="diary.csv")
    machine.compute()
    machine.push()
    machine.arrive(b"Date,Systolic\n2025-05-03,129\n", document="third.csv")
    machine.compute()
    machine.push()
    return machine


def forget(machine: Machine, asked: Asked = ASKED, step: object = None) -> Done:
    more = {"step": step} if step else {}
    return carry_out.erase(machine.root, plan(machine.root, asked), (machine.state.open(), machine.state.keys), **more)


def sealed_texts(state: State) -> Iterator[bytes]:
    """All that whoever has the keys can still open where the state is."""
    for path in sorted(state.folder.rglob("*")):
        data = path.read_bytes() if path.is_file() else b""
        data = data.split(b"\n", 1)[1] if data.startswith(b"{") and b"\nage-enc" in data else data
        if data.startswith(b"age-encryption.org"):
            yield state.keys.unseal_bytes(data)


def is_anywhere(machine: Machine) -> list[str]:
    """Files here and blobs there that hold the diary, its name or what was made of it alone."""
    export = store.hashlib.sha256(DIARY).hexdigest()[:16]
    found = [
        path.relative_to(machine.root).as_posix()
        for path in machine.root.rglob("*")
        if path.is_file() and (b"Canary" in path.read_bytes() or b"diary" in path.read_bytes() or export in path.parts)
    ]
    return found + ["sealed" for data in sealed_texts(machine.state) if b"Canary" in data or b"diary" in data]


def test_an_erased_export_is_nowhere_here_nor_in_any_sealed_blob(one: Machine) -> None:
    assert is_anywhere(one)

    done = forget(one)

    assert is_anywhere(one) == []
    assert (done.proof.found, done.commit) == ((), 3)
    assert done.blobs
    assert len(one.raw()) == 2
    verdict = verify.verify(one.root, one.state.open(), one.state.keys)
    assert (verdict.findings, verdict.cut) == ((), 3)
    assert garbage.collect(one.root, one.state.open(), one.state.keys).blobs == 0
    assert len(log.history(one.root, one.state.open(), one.state.keys, 10)) == 4
    fresh = Machine(one.root.parent / "fresh", one.state)
    fresh.pull()
    assert is_anywhere(fresh) == []
    assert fresh.raw() == one.raw()


def _steps(one: Machine, tmp_path: Path) -> list[str]:
    """One of each kind of step that an erasure takes."""
    names: list[str] = []
    copy = Machine(tmp_path / "probe", State(tmp_path / "probe-store", one.state.writer))
    _copy(one, copy)
    forget(copy, step=names.append)
    return names


def _copy(one: Machine, to: Machine) -> None:
    shutil.copytree(one.root, to.root, dirs_exist_ok=True)
    shutil.copytree(one.state.folder, to.state.folder)
    known = json.loads((to.root / "resources/state/memory.json").read_text())
    known["address"] = f"folder:{to.state.folder}"
    (to.root / "resources/state/memory.json").write_text(json.dumps(known))


def test_killed_at_any_step_it_is_finished_by_doing_it_again(one: Machine, tmp_path: Path) -> None:
    names = _steps(one, tmp_path)
    kinds = {
        name.split(" ")[0] if not name.startswith("erased results/merged") else name: n for n, name in enumerate(names)
    }
    assert {"begun", "remembered", "manifests", "receipts", "listed", "committed", "deleted", "cut"} <= kinds.keys()
    for kind, at in kinds.items():
        copy = Machine(tmp_path / f"killed-{at}", State(tmp_path / f"store-{at}", one.state.writer))
        _copy(one, copy)
        left = [at]

        def kill(_: str, left: list[int] = left) -> None:
            left[0] -= 1
            if left[0] < 0:
                raise KilledError

        with pytest.raises(KilledError):
            forget(copy, step=kill)
        with pytest.raises(StateError, match="an erasure was cut short"):
            copy.push()
        with pytest.raises(StateError, match="an erasure was cut short"):
            copy.pull()

        (done,) = carry_out.finish(copy.root, (copy.state.open(), copy.state.keys))

        assert is_anywhere(copy) == [], kind
        assert done.proof.found == (), kind
        assert not (copy.root / FORGETTING).exists()
        assert verify.verify(copy.root, copy.state.open(), copy.state.keys).findings == (), kind
        assert len(copy.raw()) == 2, kind


def test_another_machine_that_has_it_can_not_bring_it_back_and_erases_it_when_told(one: Machine) -> None:
    two = Machine(one.root.parent / "two", one.state, hour=9)
    two.pull()
    two.arrive(b"Date,Systolic\n2025-06-01,128\n", document="fourth.csv")
    two.compute()
    forget(one)

    with pytest.raises(StateError, match="forgotten on another machine"):
        two.push()
    two.pull()
    assert leftovers.names(two.root)
    with pytest.raises(StateError, match="forgotten on another machine"):
        two.push()
    carry_out.finish(two.root, None)

    two.compute()
    two.push()
    one.pull()
    assert is_anywhere(two) == []
    assert is_anywhere(one) == []
    assert len(one.raw()) == 3


def test_what_was_fetched_before_goes_from_a_cache_outside_the_folder_too(
    one: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = tmp_path / "cache"
    monkeypatch.setenv("PDP_STATE_CACHE", str(cache))
    two = Machine(tmp_path / "two", one.state, hour=9)
    two.pull()
    cut_short = cache / f"{'0' * 64}.{'1' * 32}.tmp"  # of a pull that was killed
    cut_short.write_bytes(b"sealed")
    before = {path.name for path in cache.iterdir()}
    theirs = [cache / f"{'letter to the bank'.ljust(64, '_')}.odt", cache / "more" / f"{'0' * 64}"]
    for path in theirs:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"of nobody else's business")
    assert len(before) > 1

    done = forget(two)

    assert done.proof.found == ()
    assert before.isdisjoint(path.name for path in cache.iterdir())
    assert all(path.read_bytes() for path in theirs)
    assert is_anywhere(two) == []


def test_an_erasure_waits_for_what_others_have_pushed(one: Machine) -> None:
    two = Machine(one.root.parent / "two", one.state, hour=9)
    two.pull()
    two.arrive(b"Date,Systolic\n2025-06-01,128\n", document="fourth.csv")
    two.compute()
    two.push()

    with pytest.raises(StateError, match="the state has more than this folder"):
        forget(one)
    assert is_anywhere(one)
    assert not (one.root / FORGETTING).exists()


def test_all_of_a_subject_goes_and_its_sources_are_not_taken_again(one: Machine) -> None:
    done = forget(one, Asked(SUBJECT, "subject"))

    assert done.proof.found == ()
    assert one.raw() == set()
    assert [path.name for path in (one.root / "resources/raw" / SUBJECT).iterdir()] == [forgotten.FILE]
    assert not list((one.root / "results").rglob("*.parquet"))
    known = forgotten.read(one.root / "resources/raw" / SUBJECT)
    assert known.of_document("any", "thing", "") is not None
    assert known.exports == set()
    two = Machine(one.root.parent / "two", one.state, hour=9)
    two.arrive(OTHER)
    two.compute()
    with pytest.raises(StateError, match="forgotten on another machine"):
        two.push()
    two.pull()
    carry_out.finish(two.root, None)
    assert two.raw() == set()
    assert not list((two.root / "results").rglob("*.parquet"))


def test_what_is_not_there_is_refused_with_what_is(one: Machine) -> None:
    with pytest.raises(ForgetError, match=r'no export or document is called "diry.csv"\..*Did you mean "diary.csv"'):
        plan(one.root, Asked(SUBJECT, "export", "diry.csv"))
    for path in ("", "..", f"../raw/{SUBJECT}"):
        with pytest.raises(ForgetError, match="there is no subject"):
            plan(one.root, Asked(path, "subject"))
    with pytest.raises(ForgetError, match='there is no subject "bob"'):
        plan(one.root, Asked("bob", "subject"))


def test_every_revision_of_a_document_goes(one: Machine) -> None:
    one.arrive(DIARY + b"2025-05-09,120\n", document="diary.csv")

    assert len(plan(one.root, ASKED).exports) == 2
    first = store.hashlib.sha256(DIARY).hexdigest()
    assert len(plan(one.root, Asked(SUBJECT, "export", first[:16])).exports) == 2


def test_a_name_that_a_document_which_stays_bears_as_well_is_no_trace(one: Machine) -> None:
    one.arrive(b"Date,Systolic\n2025-05-08,120\n", document="diary.csv", source="desk")

    done = forget(one, Asked(SUBJECT, "export", store.hashlib.sha256(DIARY).hexdigest()[:16]))

    assert done.proof.found == ()
    manifest = one.manifest("desk")
    assert manifest is not None
    assert [document["name"] for document in manifest["documents"]] == ["diary.csv"]


# --- a period inside an export

LOG = b"Date,Time,Systolic,Diastolic\n2025-05-01,07:10,121,84\n2025-05-02,04:56,173,101\n2025-05-03,07:20,127,81\n"
LEFT = LOG.replace(b"2025-05-02,04:56,173,101\n", b"")
PERIOD = Asked(SUBJECT, "period", "", "2025-05-02", "2025-05-02")
READING = {"format": "bp_log", "settings": {}, "device": "", "time_zone": "Europe/Berlin", "passwords_from": {}}


@pytest.fixture
def logged(tmp_path: Path, state: State) -> Machine:
    """A machine that pushed a log of three days, whose source is known to be read as one."""
    machine = Machine(tmp_path / "one", state, hour=6)
    machine.write(f"results/keys/normalize/{SUBJECT}/cuff.json", json.dumps({"settings": READING}).encode())
    machine.arrive(LOG, document="log.csv")
    machine.compute()
    machine.push()
    return machine


def forget_period(machine: Machine, step: Step = no_step, asked: Asked = PERIOD) -> Done:
    with aside(()) as folder:
        found = plan(machine.root, asked, folder)
        return carry_out.erase(machine.root, found, (machine.state.open(), machine.state.keys), step=step)


def workbook(*more: tuple[object, ...]) -> bytes:
    """A diary of three days, the second of them to be forgotten."""
    days = [(datetime(2025, 5, day, 7, 10), pressure, 84) for day, pressure in ((1, 121), (2, 173.0417), (3, 127))]
    return plain(("Date", "Systolic", "Diastolic"), *days, *more)


def holding(machine: Machine, what: bytes) -> list[str]:
    """Files here and blobs there that hold some bytes, or the name of what they were part of."""
    found = [
        path.relative_to(machine.root).as_posix()
        for path in machine.root.rglob("*")
        if path.is_file() and (what in path.read_bytes() or what in path.as_posix().encode())
    ]
    return found + ["sealed" for data in sealed_texts(machine.state) if what in data]


def digest_of(data: bytes) -> str:
    return store.hashlib.sha256(data).hexdigest()


def test_a_period_leaves_the_other_days_of_its_export_and_no_digest_of_what_it_was(logged: Machine) -> None:
    done = forget_period(logged)

    assert done.proof.found == ()
    assert logged.raw() == {digest_of(LEFT)[:16]}
    assert (logged.root / "resources/raw" / SUBJECT / digest_of(LEFT)[:16]).read_bytes() == LEFT
    for trace in (b"173,101", b"04:56", digest_of(LOG)[:16].encode()):
        assert holding(logged, trace) == [], trace
    manifest = logged.manifest()
    assert manifest is not None
    (revision,) = manifest["documents"][0]["revisions"]
    (erasure,) = forgotten.read(logged.root / "resources/raw" / SUBJECT).entries
    assert (revision["sha256"], revision["redacted"]) == (digest_of(LEFT), erasure.id)
    assert erasure.exports == ()
    assert verify.verify(logged.root, logged.state.open(), logged.state.keys).findings == ()


def test_what_is_shown_of_a_period_is_what_goes(logged: Machine, tmp_path: Path) -> None:
    (tmp_path / "aside").mkdir()
    before = {path: path.read_bytes() for path in logged.root.rglob("*") if path.is_file()}

    found = plan(logged.root, PERIOD, tmp_path / "aside")

    (export,) = found.exports
    assert (export.rows_left, export.days_beside, export.why_whole) == (2, 0, "")
    assert [copy.gone for _, copy in found.copies] == [1]
    assert {path: path.read_bytes() for path in logged.root.rglob("*") if path.is_file()} == before
    with pytest.raises(ForgetError, match="nothing of ada lies in these days"):
        forget_period(logged, asked=Asked(SUBJECT, "period", "", "2025-06-01", "2025-06-02"))


def test_an_export_of_the_period_alone_goes_and_leaves_no_digest(logged: Machine) -> None:
    alone = b"Date,Time,Systolic,Diastolic\n2025-05-02,04:56,173,101\n"
    logged.arrive(alone, document="alone.csv")
    logged.compute()
    logged.push()

    forget_period(logged)

    assert logged.raw() == {digest_of(LEFT)[:16]}
    assert holding(logged, digest_of(alone)[:16].encode()) == []
    assert holding(logged, b"alone.csv") == []


def test_killed_at_any_step_the_erasure_of_a_period_is_finished(logged: Machine, tmp_path: Path) -> None:
    names: list[str] = []
    probe = Machine(tmp_path / "probe", State(tmp_path / "probe-store", logged.state.writer))
    _copy(logged, probe)
    forget_period(probe, step=names.append)
    kinds = {name.split(" ")[0]: at for at, name in enumerate(names)}
    assert {"begun", "remembered", "copied", "manifests", "erased", "receipts", "committed", "cut"} <= kinds.keys()
    for kind in ("begun", "copied", "manifests", "committed"):
        copy = Machine(tmp_path / f"killed-{kind}", State(tmp_path / f"store-{kind}", logged.state.writer))
        _copy(logged, copy)

        def kill(step: str, kind: str = kind) -> None:
            if step.startswith(kind):
                raise KilledError

        with pytest.raises(KilledError):
            forget_period(copy, step=kill)

        (done,) = carry_out.finish(copy.root, (copy.state.open(), copy.state.keys))

        assert done.proof.found == (), kind
        assert copy.raw() == {digest_of(LEFT)[:16]}, kind
        assert holding(copy, b"173,101") + holding(copy, digest_of(LOG)[:16].encode()) == [], kind
        assert not (copy.root / "resources/state/redacted").exists(), kind


def test_another_machine_replaces_the_export_by_the_copy_and_cuts_what_only_it_has(logged: Machine) -> None:
    two = Machine(logged.root.parent / "two", logged.state, hour=9)
    two.pull()
    two.write(f"results/keys/normalize/{SUBJECT}/cuff.json", json.dumps({"settings": READING}).encode())
    own = LOG.replace(b"173,101", b"174,102")
    two.arrive(own, document="own.csv")
    two.compute()
    forget_period(logged)

    with pytest.raises(StateError, match="forgotten on another machine"):
        two.push()
    two.pull()
    with pytest.raises(StateError, match="forgotten on another machine"):
        two.push()
    (done,) = carry_out.finish(two.root, None)

    assert done.proof.found == ()
    assert leftovers.names(two.root) == []
    assert two.raw() == {digest_of(LEFT)[:16]}
    for trace in (b"173,101", b"174,102", digest_of(LOG)[:16].encode(), digest_of(own)[:16].encode()):
        assert holding(two, trace) == [], trace
    two.compute()
    two.push()
    logged.pull()
    assert holding(logged, b"174,102") == []
    again = {"begun": 0}
    assert carry_out.finish(logged.root, None, step=lambda step: again.update({step: 1})) == []
    assert again == {"begun": 0}


def test_a_machine_that_polled_the_same_bytes_itself_and_had_not_pushed_can_not_bring_them_back(
    logged: Machine,
) -> None:
    two = Machine(logged.root.parent / "two", logged.state, hour=4)
    two.write(f"results/keys/normalize/{SUBJECT}/cuff.json", json.dumps({"settings": READING}).encode())
    two.arrive(LOG, document="log.csv")
    two.compute()
    forget_period(logged)

    with pytest.raises(StateError, match="forgotten on another machine"):
        two.push()
    two.pull()
    with pytest.raises(StateError, match="forgotten on another machine"):
        two.push()
    carry_out.finish(two.root, None)

    assert two.raw() == {digest_of(LEFT)[:16]}
    assert leftovers.unlooked(two.root) == []
    two.compute()
    two.push()
    for machine in (two, logged):
        machine.pull()
        assert holding(machine, b"173,101") + holding(machine, digest_of(LOG)[:16].encode()) == []


def test_a_period_is_cut_out_of_a_workbook_here_and_in_the_sealed_state(logged: Machine) -> None:
    book = logged.arrive(workbook(), document="book.xlsx")
    logged.compute()
    logged.push()

    done = forget_period(logged)

    assert done.proof.found == ()
    assert holding(logged, book.encode()) == []
    copies = [path for path in (logged.root / "resources/raw" / SUBJECT).iterdir() if path.read_bytes()[:2] == b"PK"]
    (copy,) = [path.read_bytes() for path in copies]
    assert [row[1] for row in cells(copy)["Sheet"]] == ["Systolic", "121", "127"]
    (sealed,) = [data for data in sealed_texts(logged.state) if data.startswith(b"PK")]
    assert sealed == copy
    assert b"173.0417" not in every_byte(copy)
    assert b"45779" not in every_byte(copy)
    assert verify.verify(logged.root, logged.state.open(), logged.state.keys).findings == ()


def test_what_only_another_machine_has_and_can_not_be_cut_stays_there_and_is_named(logged: Machine) -> None:
    two = Machine(logged.root.parent / "two", logged.state, hour=9)
    two.pull()
    two.write(f"results/keys/normalize/{SUBJECT}/cuff.json", json.dumps({"settings": READING}).encode())
    book = two.arrive(uncuttable(), document="book.xlsx")
    two.compute()
    forget_period(logged)

    two.pull()
    (done,) = carry_out.finish(two.root, None)

    ((path, what),) = done.proof.found
    assert path == f"resources/raw/{SUBJECT}/{book}"
    assert what == f"days that were forgotten; it goes with --whole-exports alone: {WHY_UNCUTTABLE}"
    assert two.raw() == {digest_of(LEFT)[:16], book}
    assert leftovers.names(two.root) == []


def test_what_another_machine_pushed_while_an_erasure_was_cut_short_goes_with_it(logged: Machine) -> None:
    two = Machine(logged.root.parent / "two", logged.state, hour=9)
    two.pull()

    def kill(step: str) -> None:
        if step == "manifests":
            raise KilledError

    with pytest.raises(KilledError):
        forget_period(logged, step=kill)
    two.arrive(LOG.replace(b"173,101", b"174,102"), document="own.csv")
    two.compute()
    two.push()

    (done,) = carry_out.finish(logged.root, (logged.state.open(), logged.state.keys))

    assert done.proof.found == ()
    for trace in (b"173,101", b"174,102"):
        assert holding(logged, trace) == []
    assert logged.raw() == {digest_of(LEFT)[:16]}
    assert verify.verify(logged.root, logged.state.open(), logged.state.keys).findings == ()


def test_of_two_erasures_at_once_the_second_is_told_that_all_is_other_now(logged: Machine, tmp_path: Path) -> None:
    (tmp_path / "aside").mkdir()
    shown = plan(logged.root, PERIOD, tmp_path / "aside")
    forget_period(logged)

    with pytest.raises(StateError, match="what was shown is no longer what is here"):
        carry_out.erase(logged.root, shown, (logged.state.open(), logged.state.keys))
    assert len(forgotten.read(logged.root / "resources/raw" / SUBJECT).entries) == 1


def test_a_full_disk_at_any_write_leaves_all_as_it_was_or_is_finished_later(
    logged: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = store.commit
    for name in ("forgetting.lines", "forgetting.json", "forgotten.json", "cuff.manifest.json", "2026-11.jsonl"):
        copy = Machine(tmp_path / name, State(tmp_path / f"store-{name}", logged.state.writer))
        _copy(logged, copy)

        @contextmanager
        def full(path: Path, name: str = name) -> Iterator[Path]:
            if path.name == name:
                raise StoreError("the disk is full", where=str(path))
            with commit(path) as staged:
                yield staged

        with monkeypatch.context() as patched, pytest.raises(StoreError, match="the disk is full"):
            patched.setattr(store, "commit", full)
            forget_period(copy)

        if (copy.root / FORGETTING).exists():
            carry_out.finish(copy.root, (copy.state.open(), copy.state.keys))
        else:
            assert copy.holds() == logged.holds(), name
            forget_period(copy)
        assert copy.raw() == {digest_of(LEFT)[:16]}, name
        assert holding(copy, b"173,101") == [], name


def test_days_can_be_taken_out_of_a_copy_once_more(logged: Machine) -> None:
    two = Machine(logged.root.parent / "two", logged.state, hour=9)
    forget_period(logged)
    two.pull()
    forget_period(logged, asked=Asked(SUBJECT, "period", "", "2025-05-03", "2025-05-03"))

    two.pull()
    carry_out.finish(two.root, None)

    last = LEFT.replace(b"2025-05-03,07:20,127,81\n", b"")
    assert two.raw() == logged.raw() == {digest_of(last)[:16]}
    assert holding(two, b"07:20") == []


# --- what must not come back


class Source:
    """A source that still has everything."""

    def __init__(self, **files: bytes) -> None:
        self.files = files

    def documents(self, settings: object) -> Listing:
        return Listing(tuple(Document(n, n, -1, "", f"sum of {n}") for n in self.files), {})

    def fetch(self, settings: object, document: Document) -> BytesIO:
        return BytesIO(self.files[document.id])


def poll(folder: Path, source: Source) -> ingest.Polled:
    days = forgotten.read(folder).days
    without = arrivals.without_forgotten({"forgotten_days": days, "reading": READING}, "cuff")
    raw = RawStore(folder, forgotten.read(folder), without)
    return ingest.poll(
        source, None, raw=raw, subject="ada", source="cuff", now="2026-11-24T06:00:00.000Z", fail_if_unreachable=False
    )


def test_a_forgotten_document_is_not_taken_again_whatever_it_holds_nor_its_bytes_under_another_name(
    tmp_path: Path,
) -> None:
    digest = store.hashlib.sha256(DIARY).hexdigest()
    entry = Entry("e1", "2026-11-23T10:00:00.000Z", "export", "", "", (digest,), (mark("e1", "cuff", "diary"),))
    (tmp_path / forgotten.FILE).write_bytes(Forgotten((entry,)).write())

    polled = poll(tmp_path, Source(diary=DIARY + b"more\n", renamed=DIARY, other=OTHER))

    assert [document["id"] for document in polled.manifest["documents"]] == ["other"]
    why = {"document": "forgotten", "why": "it was forgotten on 2026-11-23."}
    assert polled.poll["postponed"] == [why, why]
    assert [path.name for path in tmp_path.iterdir() if len(path.name) == 16] == polled.poll["new_exports"]


def test_after_a_period_another_version_of_the_document_is_taken_and_the_erased_one_is_not_fetched(
    tmp_path: Path,
) -> None:
    entry = Entry(
        "e1",
        "2026-11-23T10:00:00.000Z",
        "period",
        "2025-05-01",
        "2025-05-01",
        versions=(mark("e1", "cuff", "old", "sum of old"),),
    )
    (tmp_path / forgotten.FILE).write_bytes(Forgotten((entry,)).write())

    polled = poll(tmp_path, Source(old=DIARY, new=OTHER))

    assert [document["id"] for document in polled.manifest["documents"]] == ["new"]


def test_what_a_source_still_offers_of_forgotten_days_is_never_kept_and_makes_no_new_revision(tmp_path: Path) -> None:
    entry = Entry("e1", "2026-11-23T10:00:00.000Z", "period", "2025-05-02", "2025-05-02")
    (tmp_path / forgotten.FILE).write_bytes(Forgotten((entry,)).write())
    raw = RawStore(tmp_path)
    alone = b"Date,Time,Systolic,Diastolic\n2025-05-02,04:56,173,101\n"
    for content, revisions in ((LOG, 1), (LOG, 1), (LOG + b"2025-05-04,07:00,125,80\n", 2)):
        polled = poll(tmp_path, Source(log=content, alone=alone))
        raw.remember("cuff", polled.manifest)
        (document,) = polled.manifest["documents"]
        assert (document["id"], len(document["revisions"])) == ("log", revisions)
        assert polled.poll["postponed"] == [{"document": "forgotten", "why": "all that it holds was forgotten."}]

    assert {path.read_bytes() for path in tmp_path.iterdir() if len(path.name) == 16} == {
        LEFT,
        LEFT + b"2025-05-04,07:00,125,80\n",
    }
    assert not [path for path in tmp_path.iterdir() if b"173" in path.read_bytes()]


def test_a_workbook_with_forgotten_days_is_kept_without_them_whenever_it_comes_again(tmp_path: Path) -> None:
    entry = Entry("e1", "2026-11-23T10:00:00.000Z", "period", "2025-05-02", "2025-05-02")
    (tmp_path / forgotten.FILE).write_bytes(Forgotten((entry,)).write())
    raw = RawStore(tmp_path)
    for content, revisions in ((workbook(), 1), (workbook(), 1), (workbook((datetime(2025, 5, 4, 7), 125, 80)), 2)):
        polled = poll(tmp_path, Source(book=content))
        raw.remember("cuff", polled.manifest)
        (document,) = polled.manifest["documents"]
        assert len(document["revisions"]) == revisions

    kept = [path.read_bytes() for path in tmp_path.iterdir() if len(path.name) == 16]
    assert sorted(len(cells(data)["Sheet"]) for data in kept) == [3, 4]
    for data in kept:
        assert b"173.0417" not in every_byte(data)
        assert b"45779" not in every_byte(data)


def test_a_workbook_that_can_not_be_cut_waits_until_the_days_are_taken_out_at_the_source(tmp_path: Path) -> None:
    entry = Entry("e1", "2026-11-23T10:00:00.000Z", "period", "2025-05-02", "2025-05-02")
    (tmp_path / forgotten.FILE).write_bytes(Forgotten((entry,)).write())

    polled = poll(tmp_path, Source(book=uncuttable()))

    why = (
        f"it holds days that were forgotten, and they can't be taken out of it: {WHY_UNCUTTABLE} "
        "Take these days out at the source."
    )
    assert polled.poll["postponed"] == [{"document": "book", "why": why}]
    assert not [path for path in tmp_path.iterdir() if path.name != forgotten.FILE]


@pytest.mark.parametrize("damaged", ["{torn", '{"pdp_forgotten": 0, "entries": []}'])
def test_a_tombstone_that_can_not_be_read_is_never_taken_for_empty(tmp_path: Path, damaged: str) -> None:
    (tmp_path / forgotten.FILE).write_text(damaged)

    with pytest.raises(ForgottenError, match="nobody can tell what was erased"):
        forgotten.read(tmp_path)


def test_a_tombstone_holds_no_name_and_no_value(one: Machine) -> None:
    forget(one)

    text = (one.root / "resources/raw" / SUBJECT / forgotten.FILE).read_text()
    assert "diary" not in text
    assert "cuff" not in text
    assert "Canary" not in text
    assert forgotten.parse(text.encode()).write() == text.encode()


# --- receipts


def test_receipts_keep_their_order_and_lose_names_and_digests_of_what_went(one: Machine) -> None:
    job = one.receive(
        outputs=[one.work.file(f"results/merged/{SUBJECT}/sleep_stage.parquet", "stages")],
        wildcards={"subject": SUBJECT},
        error={"type": "X", "message": "diary.csv: sheet diary.csv2 is damaged"},
    )
    forget(one)

    kept = {each["id"]: each for each in one.receipts()}[job]
    assert kept["aside"] is True
    assert kept["outputs"][0]["sha256"].startswith("forgotten-")
    assert kept["error"]["message"] == "forgotten: sheet diary.csv2 is damaged"


def test_redacting_twice_is_as_once(one: Machine) -> None:
    journal = journals.begin(plan(one.root, ASKED), id="e", at="2026-11-23T10:00:00.000Z", secret="s")
    for receipt in one.receipts():
        once = receipts.redacted(receipt, journal)
        assert once is None or receipts.redacted(once, journal) == once


def test_the_journal_is_read_as_it_was_written(one: Machine) -> None:
    journal = journals.begin(plan(one.root, ASKED), id="e", at="2026-11-23T10:00:00.000Z", secret="s")
    journals.write(one.root, journal)

    assert journals.read(one.root) == journal
    assert json.loads((one.root / FORGETTING).read_text())["what"] == asdict(journal)["what"]
