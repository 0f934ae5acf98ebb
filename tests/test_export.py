"""Opening raw exports: every way in which a zip can be wrong has its own name and sentence."""

from __future__ import annotations

import io
import struct
import zipfile
from pathlib import Path

import pytest
import pyzipper
from hypothesis import given, settings
from hypothesis import strategies as st

from pdp.errors import DamagedMemberError, UnreadableExportError
from pdp.export import Limits, Member, open_export

HEART = b"date,time,heartRate\n" + b"2024-05-01,08:00,61\n" * 5000
STEPS = b"date,time,steps\n2024-05-01,08:00,12\n"


def pack(path: Path, files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def pack_aes(path: Path, files: dict[str, bytes], password: str = "right") -> Path:
    with pyzipper.AESZipFile(path, "w", pyzipper.ZIP_DEFLATED, encryption=pyzipper.WZ_AES) as archive:
        archive.setpassword(password.encode())
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def zip_crypto(data: bytes, password: bytes, check: int) -> bytes:
    """PKWARE's old cipher, written from its description: encrypt 12 header bytes and the data."""
    table = []
    for value in range(256):
        for _ in range(8):
            value = (value >> 1) ^ 0xEDB88320 if value & 1 else value >> 1
        table.append(value)
    keys = [0x12345678, 0x23456789, 0x34567890]

    def update(byte: int) -> None:
        keys[0] = (keys[0] >> 8) ^ table[(keys[0] ^ byte) & 0xFF]
        keys[1] = ((keys[1] + (keys[0] & 0xFF)) * 134775813 + 1) & 0xFFFFFFFF
        keys[2] = (keys[2] >> 8) ^ table[(keys[2] ^ (keys[1] >> 24)) & 0xFF]

    for byte in password:
        update(byte)
    out = bytearray()
    for byte in bytes(11) + bytes([check]) + data:
        mask = keys[2] | 2
        out.append(byte ^ ((mask * (mask ^ 1)) >> 8) & 0xFF)
        update(byte)
    return bytes(out)


def pack_zip_crypto(path: Path, files: dict[str, bytes], password: str = "right") -> Path:
    """A ZipCrypto zip, which no Python library writes: a stored zip whose members are then encrypted."""
    body, directory = b"", b""
    for name, data in files.items():
        crc = zipfile.crc32(data)
        packed = zip_crypto(data, password.encode(), crc >> 24)
        common = struct.pack("<5H3L2H", 20, 1, 0, 0, 33, crc, len(packed), len(data), len(name), 0)
        directory += (
            b"PK\1\2" + struct.pack("<H", 20) + common + struct.pack("<3H2L", 0, 0, 0, 0, len(body)) + name.encode()
        )
        body += b"PK\3\4" + common + name.encode() + packed
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, len(files), len(files), len(directory), len(body), 0)
    path.write_bytes(body + directory + end)
    return path


def reason(path: Path, *passwords: str, limits: Limits = Limits()) -> tuple[str, str]:  # noqa: B008
    with pytest.raises(UnreadableExportError) as caught:
        open_export(path, passwords, limits)
    return caught.value.reason, str(caught.value)


def damage(path: Path, name: str) -> DamagedMemberError:
    with open_export(path, ["right"]) as export, pytest.raises(DamagedMemberError) as caught:
        export.open(name).read()
    assert caught.value.member == name
    return caught.value


def test_a_plain_zip_gives_its_files_without_folders_and_resource_forks(tmp_path: Path) -> None:
    files = {"1_2/": b"", "1_2/HEARTRATE/H.csv": HEART, "__MACOSX/1_2/._H.csv": b"x", "1_2/.DS_Store": b"x"}
    with open_export(pack(tmp_path / "0123456789abcdef", files)) as export:
        assert (export.digest, export.kind) == ("0123456789abcdef", "zip")
        assert export.members == (Member("1_2/HEARTRATE/H.csv", len(HEART)),)
        assert export.open("1_2/HEARTRATE/H.csv").read() == HEART
        assert export.head("1_2/HEARTRATE/H.csv", 4) == b"date"
        with pytest.raises(KeyError):
            export.open("other.csv")


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2])
def test_each_usual_packing_is_read_in_small_steps(tmp_path: Path, method: int) -> None:
    data = bytes(range(256)) * 20_000 + b"tail"
    with open_export(pack(tmp_path / "a", {"x.csv": data}, method)) as export:
        stream = export.open("x.csv")
        parts = []
        while part := stream.read(70_001):
            parts.append(part)
    assert b"".join(parts) == data


def test_a_csv_is_one_member_without_a_name(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(HEART)
    with open_export(path) as export:
        assert (export.kind, export.members) == ("file", (Member("", len(HEART)),))
        assert export.open().read() == HEART
        assert export.head("", 4) == b"date"
        with pytest.raises(KeyError):
            export.open("HEARTRATE.csv")


def test_a_csv_that_holds_the_marks_of_a_zip_stays_a_csv(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(HEART + b"PK\5\6 is how a zip ends, here it is a note about it and more than 22 bytes\n")
    assert open_export(path).kind == "file"


def test_a_workbook_is_a_file(tmp_path: Path) -> None:
    from openpyxl import Workbook

    path = tmp_path / "a.xlsx"
    Workbook().save(path)
    with open_export(path) as export:
        assert (export.kind, export.members[0].name) == ("file", "")
        assert export.open().read() == path.read_bytes()


@pytest.mark.parametrize("write", [pack_aes, pack_zip_crypto])
def test_the_passwords_are_tried_in_turn(tmp_path: Path, write: object) -> None:
    path = write(tmp_path / "a", {"H.csv": HEART, "S.csv": STEPS})  # type: ignore[operator]
    with open_export(path, ["wrong", "of another export", "right"]) as export:
        assert export.open("H.csv").read() == HEART
        assert export.open("S.csv").read() == STEPS


def test_a_password_with_umlauts_opens_what_an_older_tool_packed(tmp_path: Path) -> None:
    path = tmp_path / "a"
    with pyzipper.AESZipFile(path, "w", encryption=pyzipper.WZ_AES) as archive:
        archive.setpassword("Schlüssel".encode("cp437"))
        archive.writestr("S.csv", STEPS)
    assert open_export(path, ["Schlüssel"]).head("S.csv") == STEPS


@pytest.mark.parametrize("write", [pack_aes, pack_zip_crypto])
def test_without_a_password_the_text_names_the_setting(tmp_path: Path, write: object) -> None:
    code, text = reason(write(tmp_path / "a", {"S.csv": STEPS}))  # type: ignore[operator]
    assert code == "no_password"
    assert text == (
        "the zip is protected by a password, and none is configured. List the name of an environment "
        "variable that holds it in passwords_from, and set that variable."
    )


@pytest.mark.parametrize("write", [pack_aes, pack_zip_crypto])
def test_a_wrong_password_is_not_repeated_in_the_text(tmp_path: Path, write: object) -> None:
    path = write(tmp_path / "a", {"S.csv": STEPS})  # type: ignore[operator]
    code, text = reason(path, "hunter2", "hunter3")
    assert code == "wrong_password"
    assert text.startswith("none of the 2 passwords that passwords_from names opens the zip. Each export has its own")
    assert "hunter" not in text


def test_no_wrong_password_of_thousands_passes_the_weak_check_of_zipcrypto(tmp_path: Path) -> None:
    path = pack_zip_crypto(tmp_path / "a", {"S.csv": STEPS})
    with open_export(path, [f"wrong {n}" for n in range(2000)] + ["right"]) as export:
        assert export.open("S.csv").read() == STEPS
    assert reason(path, *(f"wrong {n}" for n in range(2000)))[0] == "wrong_password"


def test_a_file_with_a_password_of_its_own_is_damaged_and_its_neighbour_read(tmp_path: Path) -> None:
    path = tmp_path / "a"
    with pyzipper.AESZipFile(path, "w", encryption=pyzipper.WZ_AES) as archive:
        archive.setpassword(b"right")
        archive.writestr("S.csv", STEPS)
        archive.setpassword(b"different")
        archive.writestr("H.csv", HEART)
    error = damage(path, "H.csv")
    assert error.reason == "wrong_password"
    assert "passwords_from" in str(error)
    with open_export(path, ["right"]) as export:
        assert export.open("S.csv").read() == STEPS
        assert export.head("H.csv") == b""


def test_an_empty_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "a").touch()
    assert reason(tmp_path / "a") == (
        "empty_file",
        "the file is empty (0 bytes). Copy or download the export again.",
    )


def test_a_cut_off_zip_is_truncated_wherever_it_is_cut(tmp_path: Path) -> None:
    data = pack(tmp_path / "a", {"H.csv": HEART, "S.csv": STEPS}).read_bytes()
    for length in range(4, len(data)):
        (tmp_path / "b").write_bytes(data[:length])
        code, text = reason(tmp_path / "b")
        assert code == "truncated"
    assert text == (
        "the zip is cut off: its directory, which stands at the end, is missing. Copy or download the export again."
    )


def test_bytes_that_a_mail_program_appended_do_no_harm(tmp_path: Path) -> None:
    path = pack(tmp_path / "a", {"S.csv": STEPS})
    path.write_bytes(path.read_bytes() + b"\r\n\0\0")
    assert open_export(path).head("S.csv") == STEPS


def test_a_zip_with_a_damaged_beginning_is_not_taken_for_a_table(tmp_path: Path) -> None:
    path = pack(tmp_path / "a", {"S.csv": STEPS})
    path.write_bytes(b"\0\0\0\0" + path.read_bytes()[4:])
    assert reason(path)[0] == "not_a_zip"


def test_a_zip_larger_than_the_limit_is_a_bomb(tmp_path: Path) -> None:
    path = pack(tmp_path / "a", {"H.csv": HEART, "S.csv": STEPS})
    code, text = reason(path, limits=Limits(max_bytes=len(HEART)))
    assert code == "zip_bomb"
    assert "unpacked, the zip would take" in text
    assert open_export(path, limits=Limits(max_bytes=len(HEART) + len(STEPS))).members


def test_a_large_file_that_is_nothing_but_repetition_is_a_bomb(tmp_path: Path) -> None:
    path = pack(tmp_path / "a", {"H.csv": bytes(3_000_000)})
    limits = Limits(max_ratio=500, ratio_from_bytes=2_000_000)
    assert reason(path, limits=limits)[0] == "zip_bomb"
    assert open_export(path, limits=Limits(max_ratio=500)).members  # 3 MB can't hurt


def test_more_bytes_than_declared_stop_the_reading(tmp_path: Path) -> None:
    path = pack(tmp_path / "a", {"S.csv": STEPS, "H.csv": HEART})
    data = path.read_bytes()
    assert data.count(struct.pack("<L", len(HEART))) == 2
    path.write_bytes(data.replace(struct.pack("<L", len(HEART)), struct.pack("<L", 1000)))
    error = damage(path, "H.csv")
    assert error.reason == "size_beyond_declared"
    assert str(error).startswith("H.csv holds more bytes than the zip's directory declares.")
    assert open_export(path).head("S.csv") == STEPS


def test_fewer_bytes_than_declared_are_noticed_at_the_end(tmp_path: Path) -> None:
    path = pack(tmp_path / "a", {"H.csv": HEART})
    path.write_bytes(path.read_bytes().replace(struct.pack("<L", len(HEART)), struct.pack("<L", len(HEART) + 1)))
    assert damage(path, "H.csv").reason == "truncated"


def test_a_flipped_byte_is_found_by_the_checksum_after_the_last_byte(tmp_path: Path) -> None:
    path = pack(tmp_path / "a", {"H.csv": HEART, "S.csv": STEPS}, zipfile.ZIP_STORED)
    data = bytearray(path.read_bytes())
    data[200] ^= 1
    path.write_bytes(data)
    error = damage(path, "H.csv")
    assert error.reason == "wrong_checksum"
    assert str(error) == (
        "H.csv does not match its checksum. Copy or download the export again; the other files in it are kept."
    )
    assert open_export(path).open("S.csv").read() == STEPS


def test_a_flipped_byte_under_aes_is_found_by_the_signature(tmp_path: Path) -> None:
    path = pack_aes(tmp_path / "a", {"H.csv": HEART, "S.csv": STEPS})
    data = bytearray(path.read_bytes())
    data[80] ^= 1
    path.write_bytes(data)
    error = damage(path, "H.csv")
    assert error.reason in ("wrong_checksum", "bad_compression")
    assert "passwords_from" in str(error)


@pytest.mark.parametrize("size", [0, 1, 4095, 4096, 262_143, 262_144, 262_145, 1_048_576, 3_000_000])
def test_signed_files_of_any_size_are_read_to_the_end(tmp_path: Path, size: int) -> None:
    import random

    data = random.Random(size).randbytes(size)
    with open_export(pack_aes(tmp_path / "a", {"x": data}), ["right"]) as export:
        assert export.open("x").read() == data


def test_two_entries_on_the_same_bytes_are_overlapping(tmp_path: Path) -> None:
    path = pack(tmp_path / "a", {"a.csv": HEART, "b.csv": HEART})
    data = path.read_bytes()
    second = data.index(b"PK\1\2", data.index(b"PK\1\2") + 1)
    path.write_bytes(data[: second + 42] + struct.pack("<L", 0) + data[second + 46 :])
    assert reason(path)[0] == "overlapping_entries"


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("../a.csv", "leads out of its folder"),
        ("b/../../a.csv", "leads out of its folder"),
        ("..\\a.csv", "leads out of its folder"),
        ("/etc/a.csv", "an absolute path"),
        ("C:\\a.csv", "an absolute path"),
        ("a.csv\0.txt", "NUL"),
    ],
)
def test_names_that_no_app_writes_are_absurd(tmp_path: Path, name: str, what: str) -> None:
    path = pack(tmp_path / "a", {"x" * len(name): STEPS})
    path.write_bytes(path.read_bytes().replace(b"x" * len(name), name.encode()))
    code, text = reason(path)
    assert code == "absurd_entries"
    assert what in text


def test_two_entries_of_one_name_are_absurd(tmp_path: Path) -> None:
    path = pack(tmp_path / "a", {"a.csv": STEPS, "b.csv": HEART})
    path.write_bytes(path.read_bytes().replace(b"b.csv", b"a.csv"))
    assert reason(path) == (
        "absurd_entries",
        "the zip is not believable: two entries have the same name. "
        "No health app writes such a zip: unpack it, look at it, and pack the files again.",
    )


def test_too_many_entries_are_absurd(tmp_path: Path) -> None:
    path = pack(tmp_path / "a", {f"{n}.csv": b"" for n in range(5)})
    assert "it has 5 entries, the limit is 4" in reason(path, limits=Limits(max_members=4))[1]


def test_an_unknown_packing_damages_its_file_alone(tmp_path: Path) -> None:
    path = pack(tmp_path / "a", {"a.csv": STEPS, "b.csv": STEPS})
    data = bytearray(path.read_bytes())
    first = data.index(b"PK\1\2")
    data[first + 10] = 9  # Deflate64
    path.write_bytes(data)
    error = damage(path, "a.csv")
    assert error.reason == "unsupported_compression"
    assert "pack it again as an ordinary zip" in str(error)
    assert open_export(path).head("b.csv") == STEPS


def test_an_export_with_nothing_but_unknown_packing_is_unreadable(tmp_path: Path) -> None:
    assert reason(pack(tmp_path / "a", {"a.csv": STEPS}, zipfile.ZIP_LZMA))[0] == "unsupported_compression"


def test_closing_an_export_closes_its_streams(tmp_path: Path) -> None:
    with open_export(pack(tmp_path / "a", {"a.csv": STEPS})) as export:
        stream = export.open("a.csv")
    assert stream.closed


@settings(deadline=None, max_examples=150)
@given(data=st.data(), is_signed=st.booleans())
def test_any_damage_to_a_zip_ends_in_a_named_error_or_in_the_true_bytes(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, is_signed: bool
) -> None:
    path = tmp_path_factory.mktemp("zip") / "a"
    files = {"H.csv": HEART[:3000], "S.csv": STEPS}
    raw = bytearray((pack_aes if is_signed else pack)(path, files).read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(raw) - 1))
        if data.draw(st.booleans()):
            raw[at] = data.draw(st.integers(0, 255))
        else:
            del raw[at : at + data.draw(st.integers(1, 40))]
    path.write_bytes(raw)
    faults: list[UnreadableExportError] = []
    try:
        with open_export(path, ["right"]) as export:
            for member in export.members:
                try:
                    read = export.open(member.name).read()
                except DamagedMemberError as error:
                    faults.append(error)
                else:
                    assert export.kind == "file" or read in files.values()
                assert isinstance(export.head(member.name), bytes)
    except UnreadableExportError as error:
        faults.append(error)
    assert all(fault.reason and fault.what.endswith(".") and fault.hint for fault in faults)


def test_a_stream_is_bounded_in_memory_however_well_it_was_packed(tmp_path: Path) -> None:
    import tracemalloc

    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.csv", bytes(60_000_000))
    path = tmp_path / "a"
    path.write_bytes(buffer.getvalue())
    with open_export(path) as export:
        stream = export.open("a.csv")
        tracemalloc.start()
        while stream.read(1_000_000):
            pass
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 8_000_000
