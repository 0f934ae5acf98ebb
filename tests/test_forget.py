"""Erasure in folders as runs leave them: killed anywhere, on two machines, and what a source still offers."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import asdict
from io import BytesIO
from pathlib import Path

import pytest

from pdp import forgotten, ingest, leftovers, store
from pdp.errors import StateError
from pdp.forget import carry_out, receipts
from pdp.forget import journal as journals
from pdp.forget.carry_out import Done
from pdp.forget.plan import Asked, ForgetError, plan
from pdp.forgotten import Entry, Forgotten, ForgottenError, mark
from pdp.run import FORGETTING
from pdp.state import garbage, log, verify
from pdp.transports import Document, Listing
from tests.state.machines import SUBJECT, Machine, State

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
    assert verify.verify(one.root, one.state.open(), one.state.keys).findings == ()
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
    assert forgotten.read(one.root / "resources/raw" / SUBJECT).of_document("any", "thing", "") is not None


def test_what_is_not_there_is_refused_with_what_is(one: Machine) -> None:
    with pytest.raises(ForgetError, match=r'no export or document is called "diry.csv"\..*Did you mean "diary.csv"'):
        plan(one.root, Asked(SUBJECT, "export", "diry.csv"))
    with pytest.raises(ForgetError, match='there is no subject "bob"'):
        plan(one.root, Asked("bob", "subject"))


def test_every_revision_of_a_document_goes(one: Machine) -> None:
    one.arrive(DIARY + b"2025-05-09,120\n", document="diary.csv")

    assert len(plan(one.root, ASKED).exports) == 2
    first = store.hashlib.sha256(DIARY).hexdigest()
    assert len(plan(one.root, Asked(SUBJECT, "export", first[:16])).exports) == 2


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
    raw = store.RawStore(folder, forgotten.read(folder))
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


def test_a_tombstone_that_can_not_be_read_is_never_taken_for_empty(tmp_path: Path) -> None:
    (tmp_path / forgotten.FILE).write_text("{torn")

    with pytest.raises(ForgottenError, match="nobody can tell what was erased"):
        forgotten.read(tmp_path)


def test_a_tombstone_holds_no_name_and_no_value(one: Machine) -> None:
    forget(one)

    text = (one.root / "resources/raw" / SUBJECT / forgotten.FILE).read_text()
    assert "diary" not in text
    assert "cuff" not in text
    assert "Canary" not in text
    assert forgotten.parse(text.encode()).write() == text.encode()


def test_tombstones_tell_what_was_erased_when_in_one_sentence_each(tmp_path: Path) -> None:
    place = tmp_path / "resources/raw/ada" / forgotten.FILE
    place.parent.mkdir(parents=True)
    days = Entry("e2", "2026-11-24T10:00:00.000Z", "period", "2025-05-01", "2025-05-02", ("ab" * 32,))
    one = Entry("e1", "2026-11-23T10:00:00.000Z", "export", exports=("cd" * 32,))
    place.write_bytes(Forgotten((days, one)).write())

    assert [stone.sentence for stone in forgotten.tombstones(tmp_path, "ada")] == [
        "1 raw export(s) of ada forgotten on 2026-11-23",
        "2025-05-01 to 2025-05-02 of ada forgotten on 2026-11-24",
    ]
    assert forgotten.tombstones(tmp_path, "bob") == ()
    known = forgotten.every(tmp_path)["ada"]
    assert [known.of_day(day) for day in ("2025-04-30", "2025-05-02", "2025-05-03")] == [None, days, None]


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
