"""Exports in a folder: which files count, and which are not yet whole."""

from __future__ import annotations

import hashlib
import os
import shutil
import threading
import zipfile
from pathlib import Path

import pytest

from pdp.errors import ConfigError, SourceUnreachableError
from pdp.transports import folder


def listed(path: Path, **more: object) -> list[str]:
    settings = folder.Settings(path=str(path), settle_s=0.0, **more)  # type: ignore[arg-type]
    return [document.id for document in folder.documents(settings).documents]


def test_nested_files_are_found_and_hidden_and_unfinished_ones_are_not(tmp_path: Path) -> None:
    for name in (
        "a.csv",
        "deep/er/b.zip",
        ".hidden.csv",
        ".git/c.csv",
        "d.csv.crdownload",
        "~$e.xlsx",
        "__MACOSX/f.csv",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    assert listed(tmp_path) == ["a.csv", "deep/er/b.zip"]
    assert listed(tmp_path, pattern="*.csv") == ["a.csv"]


def test_a_missing_folder_is_unreachable_and_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(SourceUnreachableError, match=r"there is no folder .*gone\. Create it, mount it"):
        listed(tmp_path / "gone")


def test_variables_in_the_path_are_expanded_and_an_unset_one_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.csv").write_text("x")
    monkeypatch.setenv("PDP_TEST_EXPORTS", str(tmp_path))
    assert listed(Path("${PDP_TEST_EXPORTS}")) == ["a.csv"]
    monkeypatch.delenv("PDP_TEST_EXPORTS")
    with pytest.raises(SourceUnreachableError, match=r"a variable in \$\{PDP_TEST_EXPORTS\} is not set"):
        listed(Path("${PDP_TEST_EXPORTS}"))


def test_a_file_that_grows_while_it_is_looked_at_is_postponed(tmp_path: Path) -> None:
    growing = tmp_path / "copying.zip"
    growing.write_bytes(b"begin")
    (tmp_path / "whole.csv").write_text("x")
    os.utime(tmp_path / "whole.csv", (1_000_000_000, 1_000_000_000))
    is_over = threading.Event()

    def copy() -> None:
        with growing.open("ab") as target:
            while not is_over.is_set():
                target.write(b"more")
                target.flush()

    copier = threading.Thread(target=copy)
    copier.start()
    try:
        listing = folder.documents(folder.Settings(path=str(tmp_path), settle_s=0.3))
    finally:
        is_over.set()
        copier.join()
    assert [document.id for document in listing.documents] == ["whole.csv"]
    assert listing.postponed == {"copying.zip": "it was still being written; it is taken when it has come to rest"}


def test_an_unpacked_export_is_one_document_with_the_same_bytes_every_time(tmp_path: Path) -> None:
    for number, order in enumerate((("SLEEP", "HEARTRATE"), ("HEARTRATE", "SLEEP"))):
        for name in order:
            target = tmp_path / str(number) / "3075021305_1" / name / f"{name}_1.csv"
            target.parent.mkdir(parents=True)
            target.write_text(f"{name}\n")
    one, other = (folder.Settings(path=str(tmp_path / each), pattern="*", unit="folder", settle_s=0) for each in "01")
    (document,) = folder.documents(one).documents
    assert document.checksum == folder.documents(other).documents[0].checksum
    with folder.fetch(one, document) as stream:
        data = stream.read()
    assert f"sha256:{hashlib.sha256(data).hexdigest()}" == document.checksum
    (tmp_path / "packed.zip").write_bytes(data)
    with zipfile.ZipFile(tmp_path / "packed.zip") as archive:
        assert archive.namelist() == ["3075021305_1/HEARTRATE/HEARTRATE_1.csv", "3075021305_1/SLEEP/SLEEP_1.csv"]
        assert archive.read("3075021305_1/SLEEP/SLEEP_1.csv") == b"SLEEP\n"


def test_a_new_edit_is_a_new_checksum_whatever_its_time(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    settings = folder.Settings(path=str(tmp_path), settle_s=0)
    path.write_text("1")
    before = folder.documents(settings).documents[0].checksum
    path.write_text("2")
    os.utime(path, (1_000_000_000, 1_000_000_000))
    assert folder.documents(settings).documents[0].checksum != before


def test_an_unpacked_export_that_vanishes_before_it_is_packed_is_told_and_not_taken_as_empty(tmp_path: Path) -> None:
    export = tmp_path / "3075021305_1" / "SLEEP"
    export.mkdir(parents=True)
    (export / "SLEEP_1.csv").write_text("x")
    settings = folder.Settings(path=str(tmp_path), pattern="*", unit="folder", settle_s=0)
    (document,) = folder.documents(settings).documents
    shutil.rmtree(export.parent)
    with (
        pytest.raises(
            SourceUnreachableError, match=r"3075021305_1 can't be read \(No such file or directory\)\. Check"
        ),
        folder.fetch(settings, document),
    ):
        pass


def test_a_home_folder_that_nobody_has_is_told(tmp_path: Path) -> None:
    with pytest.raises(SourceUnreachableError) as caught:
        folder.documents(folder.Settings(path="~nobody-of-this-name/exports"))
    assert str(caught.value) == (
        "there is no home folder ~nobody-of-this-name. Write the path out, or ~ alone for your own."
    )


def test_an_empty_path_is_refused_and_does_not_mean_the_folder_one_is_in() -> None:
    with pytest.raises(ConfigError, match=r"path: is empty\. Write the folder that holds the exports\."):
        folder.Settings(path=" ")


@pytest.mark.parametrize("pattern", ["/etc/*", "", "**csv"])
def test_a_pattern_that_no_file_below_the_folder_can_have_is_refused(pattern: str) -> None:
    with pytest.raises(ConfigError) as caught:
        folder.Settings(path="x", pattern=pattern)
    assert str(caught.value) == (
        f'pattern: "{pattern}" is no pattern for files below path. Write one such as "*.csv" or "**/*": relative, '
        "and ** alone between slashes."
    )


def test_a_discreet_source_names_no_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for value, is_named in (("0", True), ("1", False)):
        monkeypatch.setenv("PDP_DISCREET", value)
        with pytest.raises(SourceUnreachableError, match="there is no folder") as caught:
            folder.documents(folder.Settings(str(tmp_path / "Ada")))
        assert ("Ada" in str(caught.value)) == is_named
