"""What is sealed opens whole with its own keys, and in no other case at all."""

import copy
import gc
import hashlib
import io
import pickle
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pdp.errors import StateError
from pdp.state.sealing import Keys
from tests.state import written_by_version_1 as golden

KEYS = Keys.new()
SMALL = KEYS.seal_bytes(b"120/80")
CHUNK_BYTES = 65_536 + 16  # one chunk of an age file and its tag


def opens(data: bytes, keys: Keys = KEYS) -> bool:
    try:
        keys.unseal_bytes(data)
    except StateError:
        return False
    return True


@given(st.binary(max_size=200_000))
def test_what_is_sealed_comes_out_as_it_went_in(plain: bytes) -> None:
    assert KEYS.unseal_bytes(KEYS.seal_bytes(plain)) == plain


def test_the_same_plaintext_is_another_ciphertext_each_time_under_one_name() -> None:
    assert KEYS.seal_bytes(b"same") != KEYS.seal_bytes(b"same")
    assert KEYS.name_of(b"same") == KEYS.name_of(b"same")


def test_a_name_is_the_same_for_bytes_stream_and_file(tmp_path: Path) -> None:
    plain = bytes(range(256)) * 3000
    (tmp_path / "file").write_bytes(plain)
    names = {KEYS.name_of(plain), KEYS.name_of(io.BytesIO(plain)), KEYS.name_of(tmp_path / "file")}
    assert len(names) == 1


def test_a_name_tells_nothing_to_who_guesses_the_plaintext_without_the_keys() -> None:
    guesses = {hashlib.sha256(b"same").hexdigest(), Keys.new().name_of(b"same"), KEYS.mac(b"same")}
    assert KEYS.name_of(b"same") not in guesses


def test_a_mac_is_of_its_purpose_and_its_keys() -> None:
    mac = KEYS.mac(b"commit 7")
    assert KEYS.is_mac(mac, b"commit 7")
    assert not KEYS.is_mac(mac, b"commit 8")
    assert not KEYS.is_mac(mac, b"commit 7", "keyring")
    assert not Keys.new().is_mac(mac, b"commit 7")
    assert not KEYS.is_mac("é\ud800", b"commit 7")


def test_one_flipped_bit_anywhere_is_refused() -> None:
    for at in range(len(SMALL)):
        for bit in range(8):
            altered = bytearray(SMALL)
            altered[at] ^= 1 << bit
            assert not opens(bytes(altered)), (at, bit)


def test_a_sealed_file_cut_anywhere_is_refused() -> None:
    assert [length for length in range(len(SMALL)) if opens(SMALL[:length])] == []


@pytest.mark.parametrize("plain_bytes", [65_536, 65_537, 3 * 65_536])
def test_a_long_sealed_file_cut_at_the_border_of_a_chunk_is_refused(plain_bytes: int) -> None:
    sealed = KEYS.seal_bytes(bytes(plain_bytes))
    chunks = -(-plain_bytes // 65_536)
    head = len(sealed) - plain_bytes - 16 * chunks
    for chunk in range(chunks):
        assert not opens(sealed[: head + chunk * CHUNK_BYTES])
    assert not opens(sealed[:head] + sealed[head + CHUNK_BYTES :])
    assert not opens(sealed + b"x")
    assert opens(sealed)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", r"a sealed file is damaged: cut short or altered\. Fetch it again"),
        (
            b"PK\x03\x04 no age file at all, but long enough to be one" * 9,
            "this is not a sealed file: it does not begin",
        ),
        (Keys.new().seal_bytes(b"120/80"), r"was sealed with other keys, or was altered\. See that the keyring"),
        (SMALL[:-1], "a sealed file is damaged: cut short or altered"),
    ],
    ids=["empty", "no age file", "other keys", "cut short"],
)
def test_what_does_not_open_says_why_and_what_to_do(data: bytes, says: str) -> None:
    with pytest.raises(StateError, match=says) as caught:
        KEYS.unseal_bytes(data)
    assert caught.value.__suppress_context__


def test_a_file_is_sealed_and_unsealed_through_files(tmp_path: Path) -> None:
    (tmp_path / "plain").write_bytes(b"120/80" * 50_000)
    KEYS.seal_file(tmp_path / "plain", tmp_path / "sealed")
    KEYS.unseal_file(tmp_path / "sealed", tmp_path / "again", name=KEYS.name_of(tmp_path / "plain"))
    assert (tmp_path / "again").read_bytes() == b"120/80" * 50_000
    assert len(list(tmp_path.iterdir())) == 3


def test_a_damaged_file_leaves_the_old_target_and_nothing_beside_it(tmp_path: Path) -> None:
    sealed = bytearray(KEYS.seal_bytes(bytes(300_000)))
    sealed[-1] ^= 1
    (tmp_path / "sealed").write_bytes(sealed)
    (tmp_path / "target").write_bytes(b"as it was")
    with pytest.raises(StateError, match="damaged"):
        KEYS.unseal_file(tmp_path / "sealed", tmp_path / "target")
    assert (tmp_path / "target").read_bytes() == b"as it was"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["sealed", "target"]


def test_a_blob_put_in_another_ones_place_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "sealed").write_bytes(KEYS.seal_bytes(b"monday"))
    with pytest.raises(StateError, match="something else than its name says"):
        KEYS.unseal_file(tmp_path / "sealed", tmp_path / "target", name=KEYS.name_of(b"tuesday"))
    assert not (tmp_path / "target").exists()


class FullDisk(io.RawIOBase):
    def writable(self) -> bool:
        return True

    def write(self, block: object) -> int:
        raise OSError(28, "No space left on device")


class Sparing(io.BytesIO):
    """A stream that takes at most 1,000 bytes a time, as a raw one may."""

    def write(self, block: memoryview) -> int:
        return super().write(block[:1000])


class Breaking(io.RawIOBase):
    """A stream that gives a megabyte and then breaks."""

    given = 0

    def read(self, size: int = -1) -> bytes:
        self.given += 1
        if self.given > 4:
            raise OSError(5, "Input/output error")
        return bytes(size)


@pytest.mark.parametrize("plain_bytes", [6, 200_000])
def test_a_full_disk_is_told_as_such_and_never_as_sealed(plain_bytes: int) -> None:
    with pytest.raises(OSError, match="No space left"):
        KEYS.seal(io.BytesIO(bytes(plain_bytes)), FullDisk())
    with pytest.raises(OSError, match="No space left"):
        KEYS.unseal(io.BytesIO(KEYS.seal_bytes(bytes(plain_bytes))), FullDisk())


def test_a_disk_that_breaks_while_it_is_read_is_told_as_such() -> None:
    with pytest.raises(OSError, match="Input/output error"):
        KEYS.seal(Breaking(), io.BytesIO())


def test_a_stream_that_takes_less_than_it_is_given_gets_everything() -> None:
    target = Sparing()
    KEYS.seal(io.BytesIO(b"a" * 100_000), target)
    assert KEYS.unseal_bytes(target.getvalue()) == b"a" * 100_000


def test_keys_say_nothing_about_themselves_and_can_not_be_written_down() -> None:
    secrets = (KEYS.identity(), KEYS.identity()[20:], repr(KEYS._naming), KEYS._naming.hex())
    assert not any(secret in shown for secret in secrets for shown in (repr(KEYS), str(KEYS), f"{KEYS}", repr([KEYS])))
    for write_down in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="keys are never written down"):
            write_down(KEYS)


def test_a_text_that_is_no_identity_is_not_repeated() -> None:
    for text in ("AGE-SECRET-KEY-1SLIPPED", "hunter2 hunter2", "é\ud800"):
        with pytest.raises(StateError, match="this is not an age identity") as caught:
            Keys.of(text)
        assert text not in str(caught.value)
        assert caught.value.__suppress_context__


def used_and_dropped() -> str:
    """Seal, unseal and name with fresh keys; returns their secret written backwards, so that it is not found itself."""
    keys = Keys.new()
    keys.unseal_bytes(keys.seal_bytes(b"120/80"))
    keys.name_of(b"120/80")
    keys.mac(b"120/80")
    return keys.identity()[::-1]


def test_when_the_keys_are_dropped_nothing_in_the_process_holds_them() -> None:
    backwards = used_and_dropped()
    gc.collect()
    held = [
        type(holder)
        for holder in gc.get_objects()
        for part in gc.get_referents(holder)
        if isinstance(part, str) and len(part) >= len(backwards) and backwards in part[::-1]
    ]
    # This frame holds none in its own order; what is found would be a cache.
    assert [kind for kind in held if kind is not type(sys._getframe())] == []


MEASURED = """
import resource, tempfile, time
from pathlib import Path
from pdp.state.sealing import Keys

keys = Keys.new()
with tempfile.TemporaryDirectory() as folder:
    plain, sealed, again = (Path(folder, name) for name in ("plain", "sealed", "again"))
    with plain.open("wb") as stream:
        for _ in range(100):
            stream.write(bytes(1_000_000))
    keys.unseal_bytes(keys.seal_bytes(b"warm"))
    before = resource.getrusage(resource.RUSAGE_SELF)
    keys.seal_file(plain, sealed)
    keys.unseal_file(sealed, again, name=keys.name_of(plain))
    after = resource.getrusage(resource.RUSAGE_SELF)
    assert again.stat().st_size == 100_000_000
print(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, after.ru_maxrss - before.ru_maxrss)
"""


def test_100_mb_are_sealed_and_unsealed_within_3_s_of_work_and_100_mb_of_memory() -> None:
    run = subprocess.run([sys.executable, "-c", MEASURED], capture_output=True, text=True, check=True)
    work_s, memory_kib = map(float, run.stdout.split())
    assert work_s < 3
    assert memory_kib * 1024 < 100e6


def test_what_version_1_sealed_opens_forever() -> None:
    from pdp.state import keyring

    keys = keyring.open_with(golden.KEYRING, keyring.MachineKey(golden.MACHINE))
    assert keys.unseal_bytes(golden.SEALED) == golden.PLAIN
    assert keys.name_of(golden.PLAIN) == golden.NAME
    assert keys.mac(golden.PLAIN) == golden.MAC
