"""What every back end promises, asked of each in the same words."""

from __future__ import annotations

import hashlib
import os
import random
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from pdp.errors import StateConflictError, StateError
from pdp.state import backends, commit
from pdp.state.backends import Backend, Blob, Tip
from pdp.state.backends.google_fixed import GoogleFixed
from pdp.state.commit import TreeBlob
from tests.google.stand_in import apply_then, flip, status, truncate
from tests.state.commits import Writer
from tests.state.places import Place, folder_place

KEYRING = b'{"slots": []}'


class KilledError(BaseException):
    """Stands in for SIGKILL: nothing catches it."""


def made(place: Place, writer: Writer) -> Backend:
    """A client of a new state."""
    backend = place.open()
    backend.create(KEYRING, writer.genesis)
    place.address = backend.address
    return backend


def sealed(tmp_path: Path, seed: int, size: int = 20_000) -> Path:
    """A file that looks like a sealed one."""
    path = tmp_path / f"blob-{seed}"
    path.write_bytes(random.Random(seed).randbytes(size))
    return path


def push(backend: Backend, writer: Writer, op_id: str, files: list[Path], known: str | None = None) -> Tip:
    """One commit with these blobs upon the tip, whatever that is."""
    tip = backend.read_tip(known)
    backend.begin(op_id, tip)
    blobs = [backend.put_blob(file) for file in files]
    tree = TreeBlob(blobs[-1].id, blobs[-1].size, blobs[-1].sha256, op_id) if blobs else None
    return backend.append_commit(tip, writer.after(tip, op_id, [op_id], tree))


def content(backend: Backend, writer: Writer, tmp_path: Path, known: str | None = None) -> tuple[str, bytes]:
    """The newest operation in the state, and what its tree says."""
    newest = writer.read(backend.read_tip(known).data)
    assert newest.tree is not None
    target = tmp_path / "tree"
    backend.get_blob(newest.tree, target)
    return newest.op_id, target.read_bytes()


# A new state


def test_a_new_state_is_its_genesis_commit_and_its_keyring(place: Place) -> None:
    writer = Writer()
    made(place, writer)
    other = place.open()
    assert writer.read(other.read_tip().data).seq == 0
    assert other.read_keyring() == KEYRING
    assert list(other.stored_blobs()) == []


def test_a_second_state_is_refused_and_the_first_is_as_it_was(place: Place) -> None:
    backend = made(place, writer := Writer())
    tip = push(backend, writer, "op", [])
    for address in (place.address, place.address if place.name != "google_drive" else "google_drive:"):
        with pytest.raises(StateError, match=r"there is a state in .* already; it is left as it is"):
            backends.open_backend(address).create(b"another keyring", Writer().genesis)
    assert place.open().read_tip() == tip
    assert place.open().read_keyring() == KEYRING


def test_where_there_is_no_state_is_an_error_and_nothing_is_made(place: Place) -> None:
    for act in (lambda: place.open().read_tip(), lambda: place.open().read_keyring()):
        with pytest.raises(StateError, match=r"pdp state init"):
            act()
    if place.google:
        assert all(not place.google.files.content(id) for id in place.google.files.ids())


# Commits


def test_commits_follow_each_other_and_every_client_sees_the_newest(place: Place) -> None:
    backend = made(place, writer := Writer())
    tips = [push(backend, writer, f"op {n}", []) for n in range(12)]
    other = place.open()
    assert other.read_tip() == tips[-1] == other.read_tip(known=tips[2].id) == other.read_tip(proof=writer.read)
    assert writer.ops(other) == [f"op {n}" for n in reversed(range(12))]
    assert other.read_commit(tips[3].id) == tips[3]


def test_a_commit_upon_an_old_tip_is_a_conflict_and_changes_nothing(place: Place) -> None:
    backend = made(place, writer := Writer())
    old = backend.read_tip()
    new = push(place.open(), writer, "first", [])
    with pytest.raises(StateConflictError, match="another machine has pushed meanwhile"):
        backend.append_commit(old, writer.after(old, "second"))
    assert place.open().read_tip() == new


def test_a_commit_that_does_not_follow_its_tip_is_not_stored(place: Place) -> None:
    backend = made(place, writer := Writer())
    tip = backend.read_tip()
    with pytest.raises(StateError, match="chain of commits is broken"):
        backend.append_commit(tip, lambda id, next_id: writer.genesis(id, next_id))
    assert place.open().read_tip() == tip


# Blobs


@pytest.mark.parametrize("size", [0, 1, 70_000])
def test_a_blob_comes_back_as_it_was(place: Place, tmp_path: Path, size: int) -> None:
    backend = made(place, Writer())
    source = sealed(tmp_path, 1, size)
    backend.begin("op", backend.read_tip())
    blob = backend.put_blob(source)
    assert (blob.size, blob.sha256) == (size, hashlib.sha256(source.read_bytes()).hexdigest())
    assert backend.has_blob(blob)
    place.open().get_blob(blob, tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == source.read_bytes()
    assert (tmp_path / "back").stat().st_mode & 0o077 == 0


def test_a_blob_that_is_not_there_is_an_error_and_leaves_no_file(place: Place, tmp_path: Path) -> None:
    backend = made(place, Writer())
    missing = Blob("f" * 64 if place.name == "folder" else "1" + "f" * 32, 5, "f" * 64)
    assert not backend.has_blob(missing)
    with pytest.raises(StateError, match=r"missing|not there"):
        backend.get_blob(missing, tmp_path / "back")
    assert list(tmp_path.glob("back*")) == []


def test_blobs_are_put_and_fetched_by_many_threads(place: Place, tmp_path: Path) -> None:
    backend = made(place, Writer())
    backend.begin("op", backend.read_tip())
    sources = [sealed(tmp_path, seed) for seed in range(5)]
    with ThreadPoolExecutor(4) as threads:
        blobs = list(threads.map(backend.put_blob, sources))
        list(threads.map(lambda n: backend.get_blob(blobs[n], tmp_path / f"back-{n}"), range(5)))
    assert [(tmp_path / f"back-{n}").read_bytes() for n in range(5)] == [path.read_bytes() for path in sources]
    assert len({blob.id for blob in blobs}) == 5


def test_a_fetched_blob_is_kept_as_ciphertext_and_measured_before_it_is_used_again(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend = made(place, Writer())
    backend.begin("op", backend.read_tip())
    blob = backend.put_blob(source := sealed(tmp_path, 1))
    monkeypatch.setenv("PDP_STATE_CACHE", str(tmp_path / "cache"))
    backend.get_blob(blob, tmp_path / "first")
    (kept,) = (tmp_path / "cache").iterdir()
    asked = len(place.google.requests) if place.google else 0
    backend.get_blob(blob, tmp_path / "second")
    assert not place.google or len(place.google.requests) == asked
    kept.write_bytes(b"damaged")
    backend.get_blob(blob, tmp_path / "third")
    assert {(tmp_path / name).read_bytes() for name in ("first", "second", "third")} == {source.read_bytes()}
    assert kept.read_bytes() == source.read_bytes()


def test_a_cache_forgets_what_nobody_asked_for_and_leaves_the_files_of_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = tmp_path / "cache"
    cache.mkdir()
    ours, torn, theirs = cache / ("0a" * 32), cache / f"{'0b' * 32}.0c.tmp", cache / "letter.odt"
    for path in (ours, torn, theirs):
        path.write_bytes(b"old")
        os.utime(path, (0, 0))
    backend = made(folder_place(tmp_path), Writer())
    monkeypatch.setenv("PDP_STATE_CACHE", str(cache))
    blob = backend.put_blob(sealed(tmp_path, 1))
    backend.get_blob(blob, tmp_path / "back")
    assert {path.name for path in cache.iterdir()} == {blob.sha256, theirs.name}


def test_a_cache_that_can_not_be_used_is_gone_without(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend = made(place, Writer())
    backend.begin("op", backend.read_tip())
    blob = backend.put_blob(sealed(tmp_path, 1))
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("PDP_STATE_CACHE", str(tmp_path / "file"))
    backend.get_blob(blob, tmp_path / "back")
    assert (tmp_path / "back").stat().st_size == blob.size


# The keyring


def test_a_keyring_is_replaced_only_by_one_who_knows_the_present_one(place: Place) -> None:
    backend = made(place, writer := Writer())
    tip = push(backend, writer, "op", [])
    other = place.open()
    other.replace_keyring(KEYRING, b"the second")
    with pytest.raises(StateConflictError, match="keyring was changed by another machine"):
        backend.replace_keyring(KEYRING, b"the lost one")
    backend.replace_keyring(b"the second", b"the third")
    assert place.open().read_keyring() == b"the third"
    assert place.open().read_tip() == tip


# Kills


def test_a_push_killed_at_any_point_leaves_the_old_state_or_the_new_and_can_be_repeated(
    place: Place, tmp_path: Path
) -> None:
    writer, points = Writer(), 0
    reader = made(place, writer)
    known = push(reader, writer, "op 0", [sealed(tmp_path, 0)])
    for number in range(1, 100):
        before = content(reader, writer, tmp_path, known.id)
        files, left = [sealed(tmp_path, 2 * number), sealed(tmp_path, 2 * number + 1)], [number]

        def step(_: str, left: list[int] = left) -> None:
            left[0] -= 1
            if left[0] == 0:
                raise KilledError

        with suppress(KilledError):
            push(place.open(step), writer, f"op {number}", files, known.id)
        now, after = content(reader, writer, tmp_path, known.id), (f"op {number}", files[1].read_bytes())
        assert now in (before, after)
        if now == before:
            push(reader, writer, f"op {number}", files, known.id)
        assert content(reader, writer, tmp_path, known.id) == after
        known = reader.read_tip(known.id)
        if left[0] > 0:
            break
        points += 1
    assert writer.ops(reader)[:30] == [f"op {n}" for n in range(points + 1, -1, -1)][:30]
    assert points >= {"folder": 7, "google_drive": 12, "google_fixed": 20}[place.name]


def test_a_rival_at_any_point_of_a_push_loses_nothing_and_neither_do_we(place: Place, tmp_path: Path) -> None:
    writer, points, lost = Writer(), 0, 0
    reader = made(place, writer)
    rival = place.open()
    if isinstance(rival, GoogleFixed):
        rival.take_over_after_s = 0
    known = push(reader, writer, "op 0", [sealed(tmp_path, 0)])
    for number in range(1, 100):
        files, left = [sealed(tmp_path, number)], [number]

        def step(_: str, left: list[int] = left, number: int = number, known: Tip = known) -> None:
            left[0] -= 1
            if left[0] == 0:
                push(rival, writer, f"rival {number}", [sealed(tmp_path, 1000 + number)], known.id)

        try:
            push(place.open(step), writer, f"op {number}", files, known.id)
        except StateConflictError:
            lost += 1
            assert content(reader, writer, tmp_path, known.id) == (
                f"rival {number}",
                (tmp_path / f"blob-{1000 + number}").read_bytes(),
            )
            push(reader, writer, f"op {number}", files, known.id)
        newest = writer.read(reader.read_tip(known.id).data)
        ops = {newest.op_id, writer.read(reader.read_commit(newest.parent).data).op_id}
        if left[0] > 0:
            break
        assert ops == {f"op {number}", f"rival {number}"}
        content(reader, writer, tmp_path, known.id)
        known, points = reader.read_tip(known.id), points + 1
    assert points >= {"folder": 5, "google_drive": 10, "google_fixed": 16}[place.name]
    assert 0 < lost < points


# Faults of Google


@pytest.mark.parametrize("kind", [apply_then(500), apply_then(503), status(500), status(403, "userRateLimitExceeded")])
def test_a_write_whose_answer_is_lost_is_there_once(google_place: Place, tmp_path: Path, kind: object) -> None:
    google = google_place.google
    assert google is not None
    writes = {"google_drive": 3, "google_fixed": 4}[google_place.name]  # of a push; making a state has 3 in both
    write = r"(POST|PUT|PATCH) /(upload/)?drive"
    google.faults.add(write, kind, times=1)  # type: ignore[arg-type]
    google.faults.add(write, kind, times=1)  # type: ignore[arg-type]
    google.faults.add(write, kind, times=1)  # type: ignore[arg-type]
    backend = made(google_place, writer := Writer())
    for number in range(writes):
        google.faults.add(write, kind, skip=number)  # type: ignore[arg-type]
        push(backend, writer, f"op {number}", [sealed(tmp_path, number), sealed(tmp_path, 100 + number)])
        assert google.faults.left() == 0
    assert content(google_place.open(), writer, tmp_path) == (
        f"op {writes - 1}",
        (tmp_path / f"blob-{99 + writes}").read_bytes(),
    )
    assert writer.ops(google_place.open()) == [f"op {n}" for n in reversed(range(writes))]
    if google_place.name == "google_drive":
        assert len(google_place.google.files.ids()) == 1 + 2 + writes * 3  # a folder, keyring and genesis, pushes


@pytest.mark.parametrize("kind", [status(429), status(403, "rateLimitExceeded"), status(503)])
def test_three_refusals_in_a_row_are_waited_out(google_place: Place, tmp_path: Path, kind: object) -> None:
    assert google_place.google is not None
    writer = Writer()
    backend = made(google_place, writer)
    google_place.google.faults.add("GET|PUT|POST", kind, times=3)  # type: ignore[arg-type]
    google_place.google.faults.add("(PUT|POST) /upload", kind, times=3)  # type: ignore[arg-type]
    push(backend, writer, "op", [sealed(tmp_path, 1)])
    assert writer.ops(google_place.open()) == ["op"]


@pytest.mark.parametrize("kind", [truncate(900), flip(12_345)])
@pytest.mark.parametrize("is_always", [False, True])
def test_a_download_that_is_cut_or_altered_is_refused_or_repeated(
    google_place: Place, tmp_path: Path, kind: object, is_always: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PDP_GOOGLE_PATIENCE_S", "0.5")
    assert google_place.google is not None
    writer = Writer()
    backend = made(google_place, writer)
    backend.begin("op", backend.read_tip())
    blob = backend.put_blob(source := sealed(tmp_path, 1))
    google_place.google.faults.add("alt=media", kind, times=-1 if is_always else 1)  # type: ignore[arg-type]
    target = tmp_path / "back"
    if is_always:
        with pytest.raises(StateError, match=r"did not arrive as it should|broke off|Try again"):
            backend.get_blob(blob, target)
        assert not target.exists()
    else:
        with suppress(StateError):  # a flipped bit is refused at once, a cut is repeated
            backend.get_blob(blob, target)
        assert not target.exists() or target.read_bytes() == source.read_bytes()
    assert list(tmp_path.glob("back.*")) == []


def test_a_network_that_goes_at_any_moment_leaves_the_old_state_or_the_new(
    google_place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    google = google_place.google
    assert google is not None
    writer, failed = Writer(), 0
    reader = made(google_place, writer)
    known = push(reader, writer, "op 0", [sealed(tmp_path, 0)])
    for number in range(1, 23, 3):
        left = [number]

        def step(_: str, left: list[int] = left) -> None:
            left[0] -= 1
            google.is_network_down = left[0] <= 0

        with monkeypatch.context() as impatient:
            impatient.setenv("PDP_GOOGLE_PATIENCE_S", "0")
            try:
                push(google_place.open(step), writer, f"op {number}", [sealed(tmp_path, number)], known.id)
            except StateError as error:
                failed += 1
                assert "online" in str(error)  # noqa: PT017
        google.is_network_down = False
        now = content(reader, writer, tmp_path, known.id)
        if now != (f"op {number}", (tmp_path / f"blob-{number}").read_bytes()):
            assert now[0] == writer.read(known.data).op_id
            push(reader, writer, f"op {number}", [sealed(tmp_path, number)], known.id)
        known = reader.read_tip(known.id)
    assert failed >= 4
    assert writer.ops(reader) == [f"op {n}" for n in [*range(22, 0, -3), 0]]


# Never empty, never another


@pytest.mark.parametrize("trouble", ["expired", "down", "unshared", "trashed"])
def test_a_state_that_can_not_be_read_is_never_taken_for_empty(
    google_place: Place, trouble: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PDP_GOOGLE_PATIENCE_S", "0")
    google = google_place.google
    assert google is not None
    made(google_place, writer := Writer())
    push(google_place.open(), writer, "op", [])
    stored = sorted(google.files.ids())
    spoilt = google.files.ids("commit-000000" if google_place.name == "google_drive" else "pdp-head")[0]
    if trouble == "expired":
        google.revoke("owner@example.com")
        google.revoke("keeper@pdp-stand-in.iam.gserviceaccount.com")
    elif trouble == "down":
        google.is_network_down = True
    elif trouble == "trashed":
        google.files.trash(spoilt)
    else:
        google.files.delete(spoilt)
    backend = google_place.open()
    with pytest.raises(StateError) as refused:
        backend.read_tip()
    assert refused.value.hint
    for id in google.files.ids():
        assert id not in str(refused.value)
    if trouble != "unshared":
        tip = Tip(spoilt, writer.genesis("genesis-0001", "commit-0001"))
        with pytest.raises(StateError):
            backend.append_commit(tip, writer.after(tip, "op 2"))
    assert sorted(google.files.ids()) == [id for id in stored if trouble != "unshared" or id != spoilt]


# The head of google_fixed has only the newest commits: there the number tells a rollback.
@pytest.mark.parametrize("place", ["folder", "google_drive"], indirect=True)
def test_a_known_commit_that_is_gone_is_an_error(place: Place) -> None:
    backend = made(place, writer := Writer())
    push(backend, writer, "op", [])
    with pytest.raises(StateError, match="a commit that must be there is not there"):
        place.open().read_tip(known="1" + "f" * 31)


def test_files_of_the_same_name_are_ignored_or_refused_loudly(google_place: Place) -> None:
    google = google_place.google
    assert google is not None
    made(google_place, writer := Writer())
    tip = push(google_place.open(), writer, "op", [])
    forged = Writer().genesis("1" + "a" * 31, "1" + "b" * 31)
    parent = google.files.by_id[google.files.ids("keyring" if google_place.name == "google_drive" else "pdp-keys")[0]]
    for name in ("commit-000000", "commit-000001", "commit-000002", "keyring", "pdp-head", "pdp-keys", "pdp-data-1"):
        google.files.put(name, forged, parent=parent.parents[0])
    if google_place.name == "google_drive":
        assert google_place.open().read_tip() == tip
        assert google_place.open().read_keyring() == KEYRING
    else:
        with pytest.raises(StateError, match="two files called pdp-data-1, pdp-head, pdp-keys"):
            google_place.open().read_tip()


def test_a_back_end_that_is_not_there_is_told_with_those_that_are() -> None:
    with pytest.raises(backends.ConfigError, match=r"Known: folder, google_drive, google_fixed.*google_drive"):
        backends.open_backend("googledrive:abc")


def test_the_header_of_a_stored_commit_is_what_its_place_says(place: Place) -> None:
    backend = made(place, writer := Writer())
    tip = push(backend, writer, "op", [])
    assert commit.read_header(tip.data).id == tip.id
