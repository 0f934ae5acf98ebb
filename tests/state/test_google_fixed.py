"""The state in files that the owner made: the intent, and that no file of the commit in force is ever written."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from pdp.errors import ConfigError, StateConflictError, StateError
from pdp.state.backends import Backend, Blob, Tip, open_backend
from pdp.state.backends.google_fixed import GoogleFixed
from tests.google.stand_in import StandIn, apply_then, call
from tests.state.commits import Writer
from tests.state.places import DATA_FILES, Place


def made(fixed: Place, writer: Writer) -> tuple[Backend, StandIn]:
    backend = fixed.open()
    backend.create(b"keyring", writer.genesis)
    assert fixed.google is not None
    return backend, fixed.google


def sealed(tmp_path: Path, seed: int, size: int = 1000) -> Path:
    path = tmp_path / f"blob-{seed}"
    path.write_bytes(random.Random(seed).randbytes(size))
    return path


def push(backend: Backend, writer: Writer, op_id: str, source: Path) -> tuple[Tip, Blob]:
    tip = backend.read_tip()
    backend.begin(op_id, tip)
    blob = backend.put_blob(source)
    return backend.append_commit(tip, writer.after(tip, op_id)), blob


def written(google: StandIn) -> dict[str, tuple[bytes, int]]:
    """Content and number of changes of every data file."""
    return {id: (file.content or b"", file.version) for id, file in google.files.by_id.items() if "data" in file.name}


def test_the_files_of_the_commit_in_force_are_never_written(fixed: Place, tmp_path: Path) -> None:
    writer = Writer()
    backend, google = made(fixed, writer)
    _, blob = push(backend, writer, "op 0", sealed(tmp_path, 0))
    for number in range(1, 9):
        before = written(google)
        _, new = push(fixed.open(), writer, f"op {number}", sealed(tmp_path, number))
        assert written(google)[blob.id] == before[blob.id]
        assert new.id != blob.id
        blob = new


def test_a_dead_owners_intent_is_taken_over_and_a_late_writer_fails(fixed: Place, tmp_path: Path) -> None:
    writer = Writer()
    reader, google = made(fixed, writer)
    tip, in_force = push(reader, writer, "op 0", sealed(tmp_path, 0))
    late = fixed.open()
    late.begin("late", tip)
    late.put_blob(sealed(tmp_path, 1))
    before = written(google)
    won, blob = push(fixed.open(), writer, "op 1", sealed(tmp_path, 2))  # after TAKE_OVER_AFTER_S
    assert written(google)[in_force.id] == before[in_force.id]
    after = written(google)
    with pytest.raises(StateConflictError, match="another machine has pushed meanwhile"):
        late.put_blob(sealed(tmp_path, 3))
    with pytest.raises(StateConflictError, match="another machine has pushed meanwhile"):
        late.append_commit(tip, writer.after(tip, "late"))
    assert written(google) == after
    assert reader.read_tip() == won
    reader.get_blob(blob, tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == (tmp_path / "blob-2").read_bytes()


def test_a_living_owners_intent_is_waited_for(fixed: Place, tmp_path: Path) -> None:
    writer = Writer()
    reader, _ = made(fixed, writer)
    tip = reader.read_tip()
    first = fixed.open()
    first.begin("first", tip)
    looks = []

    def step(name: str) -> None:
        looks.append(name)
        if name == "after reading pdp-head" and looks.count(name) == 5:
            first.put_blob(sealed(tmp_path, 1))
            first.append_commit(tip, writer.after(tip, "first"))

    second = fixed.open(step)
    assert isinstance(second, GoogleFixed)
    second.take_over_after_s = 4.0
    with pytest.raises(StateConflictError):
        second.begin("second", tip)
    assert looks.count("before writing pdp-head") == 0
    assert writer.ops(reader) == ["first"]


def test_an_etag_that_changes_for_nothing_costs_a_try_and_no_more(fixed: Place, tmp_path: Path) -> None:
    writer = Writer()
    _, google = made(fixed, writer)
    bumped = []

    def step(name: str) -> None:
        if name.startswith("before writing") and name not in bumped:
            bumped.append(name)
            google.files.touch(google.files.by_id[google.files.ids(name.removeprefix("before writing "))[0]])

    push(fixed.open(step), writer, "op", sealed(tmp_path, 1))
    assert bumped == ["before writing pdp-head", "before writing pdp-data-1"]
    bumped[:] = ["before writing pdp-data-2"]  # and at the head's second write, which makes the commit
    writes: list[str] = []

    def late(name: str) -> None:
        writes.append(name)
        if name == "before writing pdp-head" and writes.count(name) == 2:
            google.files.touch(google.files.by_id[google.files.ids("pdp-head")[0]])

    push(fixed.open(late), writer, "op 2", sealed(tmp_path, 2))
    assert writes.count("before writing pdp-head") == 3
    assert writer.ops(fixed.open()) == ["op 2", "op"]


def test_a_commit_whose_answer_was_lost_while_another_went_on_is_success(fixed: Place, tmp_path: Path) -> None:
    backend, google = made(fixed, writer := Writer())
    rival = fixed.open()
    head = rf"PUT /upload/drive/v2/files/{google.files.ids('pdp-head')[0]}"
    google.faults.add(head, apply_then(503), skip=1)  # the commit is there, its answer is not
    google.faults.add(head, call(lambda: rival.begin("rival", rival.read_tip())), skip=1)  # before it is tried again
    tip, _ = push(backend, writer, "op", sealed(tmp_path, 1))
    assert google.faults.left() == 0
    assert fixed.open().read_tip() == tip
    rival.append_commit(tip, writer.after(tip, "rival"))
    assert writer.ops(fixed.open()) == ["rival", "op"]


def test_a_file_that_changes_all_the_time_ends_in_a_conflict(fixed: Place, tmp_path: Path) -> None:
    _, google = made(fixed, writer := Writer())

    def step(name: str) -> None:
        if name == "before writing pdp-data-1":
            google.files.touch(google.files.by_id[google.files.ids("pdp-data-1")[0]])

    with pytest.raises(StateConflictError):
        push(fixed.open(step), writer, "op", sealed(tmp_path, 1))
    assert writer.ops(fixed.open()) == []


def test_a_blob_is_laid_over_as_many_files_as_it_needs(fixed: Place, tmp_path: Path) -> None:
    writer = Writer()
    backend, google = made(fixed, writer)
    _, blob = push(backend, writer, "op", sealed(tmp_path, 1, 12_500_000))
    sizes = [len(google.files.content(google.files.ids(f"pdp-data-{n}")[0])) for n in range(1, DATA_FILES + 1)]
    assert sizes == [5_000_000, 5_000_000, 2_500_000, 0, 0, 0]
    fixed.open().get_blob(blob, tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == (tmp_path / "blob-1").read_bytes()
    assert fixed.open().has_blob(blob)


def test_files_that_another_machine_has_written_since_are_not_taken_for_ours_by_their_size(
    fixed: Place, tmp_path: Path
) -> None:
    writer = Writer()
    killed, _ = made(fixed, writer)
    killed.begin("killed", killed.read_tip())
    ours = killed.put_blob(sealed(tmp_path, 1, 12_500_000))
    _, theirs = push(fixed.open(), writer, "theirs", sealed(tmp_path, 2, 12_500_000))
    assert ours.id == theirs.id

    again = fixed.open()
    again.begin("again", again.read_tip())

    assert not again.has_blob(ours)
    assert again.has_blob(theirs)


def test_too_few_files_are_told_with_the_names_to_make(fixed: Place, tmp_path: Path) -> None:
    writer = Writer()
    backend, google = made(fixed, writer)
    tip, _ = push(backend, writer, "op", sealed(tmp_path, 1, 17_500_000))
    said = r"6 data files are too few\. Upload 4 more empty files into the folder, called pdp-data-7 to pdp-data-10"
    with pytest.raises(StateError, match=said):
        push(backend, writer, "op 2", sealed(tmp_path, 2, 17_500_000))
    assert fixed.open().read_tip() == tip
    for number in range(7, 11):
        google.files.put(f"pdp-data-{number}", b"", parent=fixed.address[len("google_fixed:") :])
    push(fixed.open(), writer, "op 2", sealed(tmp_path, 2, 17_500_000))
    assert writer.ops(fixed.open()) == ["op 2", "op"]


def test_a_blob_of_the_tip_may_be_kept_and_then_stays(fixed: Place, tmp_path: Path) -> None:
    backend, _ = made(fixed, writer := Writer())
    _, blob = push(backend, writer, "op 0", sealed(tmp_path, 0))
    tip = backend.read_tip()
    backend.begin("op 1", tip)
    backend.put_blob(sealed(tmp_path, 1))
    tip = backend.append_commit(tip, writer.after(tip, "op 1"), keeps=[blob.id])
    backend.begin("op 2", tip)
    assert backend.has_blob(blob)
    tip = backend.append_commit(tip, writer.after(tip, "op 2"))
    for number in range(3, 6):
        backend.begin(f"op {number}", tip)
        backend.has_blob(blob)
        for part in range(DATA_FILES - 4):
            backend.put_blob(sealed(tmp_path, 10 * number + part))
        tip = backend.append_commit(tip, writer.after(tip, f"op {number}"))
    backend.get_blob(blob, tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == (tmp_path / "blob-0").read_bytes()


def test_a_blob_that_is_not_the_tips_can_not_be_kept(fixed: Place, tmp_path: Path) -> None:
    backend, _ = made(fixed, writer := Writer())
    _, old = push(backend, writer, "op 0", sealed(tmp_path, 0))
    push(backend, writer, "op 1", sealed(tmp_path, 1))
    tip = backend.read_tip()
    backend.begin("op 2", tip)
    assert not backend.has_blob(old)
    with pytest.raises(StateError, match="refers to data that was not put, and is not the tip's"):
        backend.append_commit(tip, writer.after(tip, "op 2"), keeps=[old.id])
    assert writer.ops(fixed.open()) == ["op 1", "op 0"]


def test_a_reader_that_is_overtaken_twice_is_told_and_gets_nothing(fixed: Place, tmp_path: Path) -> None:
    backend, _ = made(fixed, writer := Writer())
    _, blob = push(backend, writer, "op 0", sealed(tmp_path, 0))
    for number in (1, 2):
        push(backend, writer, f"op {number}", sealed(tmp_path, number))
    with pytest.raises(StateError, match=r"it was overwritten meanwhile\. Try again: another machine has pushed"):
        fixed.open().get_blob(blob, tmp_path / "back")
    assert not (tmp_path / "back").exists()


def test_an_emptied_head_is_not_taken_for_a_new_one(fixed: Place) -> None:
    _, google = made(fixed, Writer())
    google.files.edit(google.files.ids("pdp-head")[0], b"")
    with pytest.raises(StateError, match=r"pdp-head is empty: .*restore pdp-head .*it is not taken for empty"):
        fixed.open().read_tip()
    with pytest.raises(StateError, match=r"pdp-head is empty, but pdp-keys is not: there was a state"):
        fixed.open().create(b"another", Writer().genesis)
    assert google.files.content(google.files.ids("pdp-keys")[0]) == b"keyring"


FORMAT_0 = b'{"pdp_head": 0, "refers": [], "intent": null, "commits": []}'


@pytest.mark.parametrize("damage", [b"{}", b"[1]", b'{"pdp_head": 1', b"\xff\xfe", b'{"pdp_head": "x"}', FORMAT_0])
def test_a_damaged_head_is_told(fixed: Place, damage: bytes) -> None:
    _, google = made(fixed, Writer())
    google.files.edit(google.files.ids("pdp-head")[0], damage)
    with pytest.raises(StateError, match=r"pdp-head is damaged: .*Restore an earlier version of it"):
        fixed.open().read_tip()


def test_a_head_of_a_newer_program_is_refused(fixed: Place) -> None:
    _, google = made(fixed, Writer())
    google.files.edit(google.files.ids("pdp-head")[0], b'{"pdp_head": 2}')
    with pytest.raises(StateError, match=r"written by a newer program\. Update this program"):
        fixed.open().read_tip()


def test_a_making_that_was_killed_can_be_done_again(fixed: Place) -> None:
    class KilledError(BaseException):
        pass

    points, again, google = 0, fixed.open(), fixed.google
    assert google is not None
    for number in range(1, 40):
        left = [number]

        def step(_: str, left: list[int] = left) -> None:
            left[0] -= 1
            if left[0] == 0:
                raise KilledError

        for name in ("pdp-head", "pdp-keys"):
            google.files.edit(google.files.ids(name)[0], b"")
        writer = Writer()
        try:
            fixed.open(step).create(b"keyring", writer.genesis)
        except KilledError:
            points += 1
            try:
                again.create(b"keyring", writer.genesis)
            except StateError as error:
                assert "there is a state in these files already" in str(error)  # noqa: PT017
        assert writer.read(again.read_tip().data).seq == 0
        assert again.read_keyring() == b"keyring"
        if left[0] > 0:
            break
    assert points >= 14


def test_a_folder_that_is_not_shared_is_told_with_whom_to_share_it(fixed: Place) -> None:
    assert fixed.google is not None
    folder = fixed.google.files.folder("another")
    said = r"does not hold pdp-head and pdp-keys, as far as keeper@.* may see\. Upload empty files called pdp-head, pdp"
    with pytest.raises(StateError, match=rf"{said}|not there, or is not shared.*keeper@"):
        open_backend(f"google_fixed:{folder}").read_tip()


def test_a_google_document_in_the_place_of_a_file_is_told(fixed: Place) -> None:
    assert fixed.google is not None
    fixed.google.files.delete(fixed.google.files.ids("pdp-head")[0])
    fixed.google.files.document("pdp-head", parent=fixed.address[len("google_fixed:") :])
    with pytest.raises(StateError, match=r"pdp-head is no plain file\. .*it must be an uploaded file"):
        fixed.open().read_tip()


@pytest.mark.parametrize("where", ["", "abc,", "abc,10", ",5"])
def test_an_address_that_can_not_be_is_told(where: str) -> None:
    with pytest.raises(ConfigError, match=r"no address of the fixed form\. Write google_fixed:<folder id>"):
        open_backend(f"google_fixed:{where}")


def test_where_drive_has_no_sha256_a_data_file_is_measured(fixed: Place, tmp_path: Path) -> None:
    writer = Writer()
    backend = fixed.open()
    backend.create(b"keyring", writer.genesis)
    tip = backend.read_tip()
    (tmp_path / "source").write_bytes(b"sealed")
    backend.begin("op", tip)
    blob = backend.put_blob(tmp_path / "source")
    backend.append_commit(tip, writer.after(tip, "op"), [blob.id])
    assert fixed.google is not None
    for id in fixed.google.files.ids():
        fixed.google.files.by_id[id].told.pop("sha256Checksum", None)

    assert fixed.open().has_blob(blob)
    assert fixed.open().read_tip()
    fixed.google.files.damage(blob.id, b"SEALED")
    with pytest.raises(StateError, match="did not arrive as it should"):
        fixed.open().has_blob(blob)
