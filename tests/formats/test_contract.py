"""What every format owes the pipeline. A new format needs no test of its own to be held to this, only a fixture."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import random
import re
import typing
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import pyzipper

from pdp import formats, keys, schemas, settings, validate
from pdp.errors import UnreadableExportError
from pdp.export import open_export
from pdp.timeframe import ZoneLedger
from pdp.vocabulary import MEASURES
from tests.pipeline import Taken, take_in, writer, writers

HERE = Path(__file__).parent / "fixtures"
PASSWORD = "correct horse, battery staple"
NAMES = formats.names()
SAMPLES = 160  # positions at which an export is cut, and as many at which a bit is flipped
OWN_NUMBERS_FROM = 50  # smaller ones are also counts of fields, columns and lines in honest sentences

every_format = pytest.mark.parametrize("name", NAMES)


def fixture_of(name: str) -> ModuleType:
    """The format's small export."""
    if not (HERE / f"{name}.py").exists():
        pytest.fail(
            f"the format {name} has no fixture. Write tests/formats/fixtures/{name}.py with SETTINGS and with "
            "write(folder: Path) -> Path, which makes a small genuine-looking export (see fixtures/__init__.py)."
        )
    return importlib.import_module(f"tests.formats.fixtures.{name}")


def written(name: str, folder: Path) -> Path:
    """The fixture's export, in a new folder."""
    folder.mkdir(parents=True, exist_ok=True)
    path: Path = fixture_of(name).write(folder)
    return path


def taken(name: str, path: Path, **more: Any) -> Taken:
    """An export taken in with the fixture's settings and zone."""
    fixture = fixture_of(name)
    return take_in(path, name, fixture.SETTINGS, zone=getattr(fixture, "ZONE", "Europe/Berlin"), **more)


def contents(path: Path) -> dict[str, bytes]:
    """Bytes by member; a single file under its own name."""
    if not zipfile.is_zipfile(path):
        return {path.name: path.read_bytes()}
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(path: Path, files: dict[str, bytes], password: str = "", method: int = zipfile.ZIP_DEFLATED) -> Path:
    """A zip at this path, its members in this order."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with pyzipper.AESZipFile(path, "w", compression=method) as archive:
        if password:
            archive.setpassword(password.encode())
            archive.setencryption(pyzipper.WZ_AES, nbits=256)
        for member, data in files.items():
            archive.writestr(member, data)
    return path


def plain(found: Taken, *, without: Iterable[str] = ()) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table, comparable."""
    left_out = set(without)
    return {
        measure: sorted(
            tuple(str(value) for key, value in row.items() if key not in left_out) for row in table.to_pylist()
        )
        for measure, table in found.tables.items()
    }


# What it says of itself


def test_every_fixture_belongs_to_a_format() -> None:
    fixtures = {path.stem for path in HERE.glob("*.py")} - {"__init__"}
    assert fixtures <= set(NAMES), f"no format for: {', '.join(sorted(fixtures - set(NAMES)))}"


@every_format
def test_it_has_a_title_and_its_measures_are_a_literal_in_the_vocabulary(name: str) -> None:
    module = formats.load(name)
    assert isinstance(module.TITLE, str)
    assert module.TITLE.strip()
    assert module.MEASURES
    assert set(module.MEASURES) <= set(MEASURES)
    assert len(set(module.MEASURES)) == len(module.MEASURES)
    source = Path(formats.__file__).parents[2]
    read = keys.Code(source, Path("no cache")).measures(name)
    assert read == tuple(module.MEASURES), "MEASURES must be written out, not computed: the workflow reads it as text"


@every_format
def test_its_settings_are_frozen_and_every_field_describes_itself(name: str) -> None:
    assert undescribed(formats.load(name).Settings) == []


def undescribed(cls: type, path: str = "Settings") -> list[str]:
    """Fields without a description, of nested settings too."""
    assert dataclasses.is_dataclass(cls)
    assert cls.__dataclass_params__.frozen, f"{path} is not frozen"  # type: ignore[attr-defined]
    bare = []
    for field in dataclasses.fields(cls):
        where = f"{path}.{field.name}"
        if not str(field.metadata.get("description", "")).strip().endswith((".", "?", '"')):
            bare.append(where)
        hint = typing.get_type_hints(cls)[field.name]
        if dataclasses.is_dataclass(hint):
            bare += undescribed(hint, where)
    return bare


@every_format
def test_the_settings_of_the_fixture_are_settings_of_the_format(name: str) -> None:
    cls = formats.load(name).Settings
    assert isinstance(settings.build(cls, fixture_of(name).SETTINGS), cls)


# What it makes of a genuine export


@every_format
def test_it_recognises_its_own_export_and_no_other_format_does(name: str, tmp_path: Path) -> None:
    with open_export(written(name, tmp_path)) as export:
        assert formats.recognise(export) == [name]


@every_format
def test_parse_is_a_generator_that_reads_nothing_before_it_is_asked(name: str, tmp_path: Path) -> None:
    module = formats.load(name)
    with open_export(written(name, tmp_path)) as export:
        export.open = None  # type: ignore[assignment]
        more = (
            {"ledger": ZoneLedger.from_config("UTC")} if "ledger" in inspect.signature(module.parse).parameters else {}
        )
        assert inspect.isgenerator(module.parse(export, module.Settings(), **more))


@every_format
def test_every_measure_is_read_every_record_covered_and_nothing_refused(name: str, tmp_path: Path) -> None:
    found = taken(name, written(name, tmp_path))
    assert (found.tally.unreadable, found.tally.damaged, found.unread) == (None, {}, [])
    assert {measure for measure, table in found.tables.items() if len(table)} == set(formats.load(name).MEASURES)
    # normalize has proved the coverage; here, that there was something to cover
    assert all(member.records for member in found.tally.members.values())
    assert [row for measure in MEASURES for row in found.column(measure, "fault") if row] == []


@every_format
def test_the_tables_have_the_canonical_columns_and_keep_where_each_row_comes_from(name: str, tmp_path: Path) -> None:
    path = written(name, tmp_path)
    found = taken(name, path)
    for measure, table in found.tables.items():
        expected = schemas.normalized(measure)
        assert table.schema.remove_metadata().equals(expected.remove_metadata()), measure
        assert set(table["export"].to_pylist()) <= {path.name}
        assert set(table["member"].to_pylist()) <= set(found.tally.members)
        for row in table.to_pylist():
            assert 1 <= row["row"] <= (found.tally.members[row["member"]].records or 0)


@every_format
def test_validation_accepts_every_reading(name: str, tmp_path: Path) -> None:
    into = tmp_path / "normalized"
    into.mkdir()
    found = taken(name, written(name, tmp_path), into=into)
    counts = validate.validate(
        {measure: into / f"{measure}.parquet" for measure in MEASURES},
        writers=writers(tmp_path / "validated", schemas.validated),
        quarantine=writer(tmp_path / "quarantine.parquet", schemas.QUARANTINE),
    )
    quarantined = {rule for measure in counts.measures.values() for rule in measure.quarantined}
    assert quarantined == set()
    assert {m: c.accepted for m, c in counts.measures.items()} == {m: len(t) for m, t in found.tables.items()}


@every_format
def test_the_same_export_gives_the_same_bytes(name: str, tmp_path: Path) -> None:
    path = written(name, tmp_path)
    made = []
    for place in ("one", "two"):
        into = tmp_path / place
        into.mkdir()
        taken(name, path, into=into)
        made.append({file.name: file.read_bytes() for file in into.iterdir()})
    assert made[0] == made[1]


# However it is packed


@every_format
def test_the_tables_are_the_same_however_the_export_is_packed(name: str, tmp_path: Path) -> None:
    path = written(name, tmp_path)
    files = contents(path)
    backwards = dict(reversed(files.items()))
    zipped = taken(name, packed(tmp_path / "zip" / "export", files))
    assert plain(zipped, without=("export", "member")) == plain(taken(name, path), without=("export", "member"))
    packings = {
        "stored": packed(tmp_path / "stored" / "export", files, method=zipfile.ZIP_STORED),
        "AES": packed(tmp_path / "aes" / "export", files, PASSWORD),
        "in another order": packed(tmp_path / "order" / "export", backwards),
        "AES in another order": packed(tmp_path / "both" / "export", backwards, PASSWORD),
        "beside other files": packed(
            tmp_path / "beside" / "export", {"readme.txt": b"Thank you\n", **files, "photo.jpg": b"\xff\xd8\xff"}
        ),
    }
    for packing, repacked in packings.items():
        again = taken(name, repacked, passwords=("wrong", PASSWORD))
        assert plain(again) == plain(zipped), packing
        assert again.unread == zipped.unread, packing


@every_format
def test_a_loose_file_that_is_recognised_gives_the_readings_it_gives_in_the_zip(name: str, tmp_path: Path) -> None:
    files = contents(written(name, tmp_path))
    zipped = taken(name, packed(tmp_path / "zip", files))
    # what proves a reading (fault, flags) may stand in another member
    left_out = ("export", "member", "fault", "flags")
    recognised = 0
    for at, (member, data) in enumerate(files.items()):
        loose = tmp_path / f"loose{at}"
        loose.write_bytes(data)
        with open_export(loose) as export:
            if not formats.load(name).sniff(export):
                continue
        recognised += 1
        inside = {
            measure: table.filter(pa.array(np.array(table["member"].to_pylist(), object) == member, pa.bool_()))
            for measure, table in zipped.tables.items()
        }
        alone = taken(name, loose)
        assert plain(alone, without=left_out) == plain(Taken(inside, [], zipped.tally), without=left_out), (
            f"{member} as a loose file"
        )
    assert recognised, "no member is recognised by itself"


# What is not the subject's


@every_format
def test_nothing_of_another_person_and_of_the_owners_profile_comes_out(name: str, tmp_path: Path) -> None:
    path = written(name, tmp_path)
    foreign = getattr(fixture_of(name), "FOREIGN", ())
    whole = b"\n".join(contents(path).values()).decode("utf-8", "replace")
    assert all(text in whole for text in foreign), "a text in FOREIGN does not stand in the export"
    found = taken(name, path)
    said = "\n".join([str(plain(found)), str(found.unread), found.tally.to_json()])
    assert [text for text in foreign if text in said] == []


# Damage


def damaged(data: bytes, samples: int, seed: int) -> Iterator[tuple[str, bytes]]:
    """The data cut and with single bits flipped, at the ends and at sampled positions between."""
    chance = random.Random(seed)
    ends = {0, 1, 2, len(data) // 2, len(data) - 2, len(data) - 1}
    for cut in sorted(ends | set(chance.sample(range(len(data)), min(samples, len(data))))):
        yield f"cut at byte {cut}", data[: max(cut, 0)]
    for at in sorted(chance.sample(range(len(data)), min(samples, len(data)))):
        bit = chance.randrange(8)
        yield f"bit {bit} of byte {at} flipped", data[:at] + bytes([data[at] ^ (1 << bit)]) + data[at + 1 :]


def damaged_exports(name: str, folder: Path) -> Iterator[tuple[str, Path]]:
    """The export as a file damaged, then each member damaged in a zip that is sound."""
    path = written(name, folder / "sound")
    hurt = folder / "hurt"
    files = contents(path)
    samples = SAMPLES // (1 + len(files))
    for what, data in damaged(path.read_bytes(), samples, seed=1):
        hurt.write_bytes(data)
        yield what, hurt
    for seed, member in enumerate(files, start=2):
        for what, data in damaged(files[member], samples, seed):
            packed(hurt, {**files, member: data}, method=zipfile.ZIP_STORED)
            yield f"{member} {what}", hurt


@every_format
def test_whatever_is_cut_or_flipped_the_result_is_a_value_and_no_text_tells_a_measured_one(
    name: str, tmp_path: Path
) -> None:
    (tmp_path / "sound").mkdir()
    sound = taken(name, written(name, tmp_path / "sound"))
    secret = measured_numbers(sound)
    fates = set()
    for what, path in damaged_exports(name, tmp_path):
        try:
            found = taken(name, path)
        except Exception as error:
            pytest.fail(f"{what}: {type(error).__name__}: {error}")
        fates.add("unreadable" if found.tally.unreadable else "unread" if found.unread else "read")
        if found.tally.unreadable:
            assert found.refusal[1], what
        for row in found.unread:
            assert row["reason"], what
            assert re.fullmatch("[a-z0-9_]+", row["reason"]), what
            assert row["detail"], f"{what}: {row['reason']} says nothing"
            told = {float(number) for number in re.findall(r"\d+(?:\.\d+)?", row["detail"])} & secret
            assert not told, f"{what}: tells a measured value: {row['detail']}"
    assert fates == {"unreadable", "unread", "read"}, "the damage did not reach far enough to prove anything"


def measured_numbers(found: Taken) -> set[float]:
    """The values of the readings that a sentence must not hold."""
    return {
        float(value)
        for measure, table in found.tables.items()
        for column in MEASURES[measure].columns
        if column.unit
        for value in table[column.name].to_pylist()
        if value is not None and value >= OWN_NUMBERS_FROM
    }


@every_format
def test_bytes_of_any_kind_are_refused_or_read_and_never_raise(name: str, tmp_path: Path) -> None:
    chance = random.Random(9)
    path = tmp_path / "noise"
    for data in (
        b"\0" * 4096,
        b"\xff" * 4096,
        b"\n" * 4096,
        b"," * 4096,
        b'"' * 4096,
        "\ufeff".encode(),
        "😀".encode("utf-16"),
        b"PK\x03\x04",
        b"%PDF-1.7\n",
        b"<html><body>Sign in</body></html>",
        b"{}",
        *(chance.randbytes(size) for size in (1, 2, 100, 5000)),
    ):
        path.write_bytes(data)
        reason, detail = taken(name, path).refusal
        assert reason, data[:8]
        assert detail, data[:8]


# An export of another format


@pytest.mark.parametrize("other", NAMES)
@every_format
def test_an_export_of_another_format_is_refused_with_the_name_of_its_own(name: str, other: str, tmp_path: Path) -> None:
    if name == other:
        return
    path = written(other, tmp_path)
    found = taken(name, path)
    reason, detail = found.refusal
    assert reason == "wrong_format"
    assert re.search(rf"it looks like {other}\b", detail, re.IGNORECASE), detail
    assert detail.endswith(f"Set format: {other}."), detail
    assert not {text for text in getattr(fixture_of(other), "FOREIGN", ()) if text in detail}
    with pytest.raises(UnreadableExportError, match=f"Set format: {other}"):
        taken(name, path, on_unreadable="fail")
