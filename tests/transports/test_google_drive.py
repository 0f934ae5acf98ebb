"""A folder on Drive as a source: what in it is a document, what is refused and why, and what may change meanwhile."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pdp import manifest, settings
from pdp.errors import ConfigError, SourceUnreachableError
from pdp.transports import Listing, google_drive
from tests.google.fixtures import Google
from tests.google.stand_in import call, flip, status, truncate
from tests.transports.conftest import Poll

MB = b"\0\1\2\3" * (1 << 18)


@pytest.fixture
def folder(google: Google) -> str:
    """A folder that the program may read."""
    return google.files.folder("Ada's exports", shared_with=[google.reader])


def listed(folder: str, **more: Any) -> Listing:
    return google_drive.documents(settings.build(google_drive.Settings, {"folder": folder, **more}))


def names(folder: str, **more: Any) -> list[str]:
    return [document.name for document in listed(folder, **more).documents]


def refused(listing: Listing) -> dict[str, str]:
    return {listing.names[identity]: why for identity, why in listing.postponed.items()}


# -- what is in it -------------------------------------------------------------------------------------------------


def test_files_are_found_over_many_pages_and_folders_and_equal_names_stay_apart(google: Google, folder: str) -> None:
    deep = google.files.folder("2025", parent=google.files.folder("old", parent=folder))
    for number in range(1003):  # Drive gives at most 1000 at once
        google.files.put(f"{number:04d}.csv", b"%d" % number, parent=folder)
    for parent in (folder, folder, deep):
        google.files.put("same.csv", b"same", parent=parent)
    found = names(folder)
    assert len(found) == 1006
    assert found.count("same.csv") == 2
    assert "old/2025/same.csv" in found
    assert len({document.id for document in listed(folder).documents}) == 1006
    assert "old/2025/same.csv" not in names(folder, recursive=False)


def test_what_is_trashed_hidden_or_unfinished_is_no_document(google: Google, folder: str) -> None:
    for name in (".hidden.csv", "~$log.xlsx", "export.zip.crdownload", "export.part", "kept.csv"):
        google.files.put(name, b"1", parent=folder)
    google.files.put("a.csv", b"1", parent=google.files.folder(".tmp.drivedownload", parent=folder))
    google.files.trash(google.files.put("thrown.csv", b"1", parent=folder))
    bin = google.files.folder("bin", parent=folder)
    google.files.put("a.csv", b"1", parent=bin)
    google.files.trash(bin)
    assert names(folder) == ["kept.csv"]
    assert listed(folder).postponed == {}


def test_shortcuts_are_followed_once_and_never_in_a_circle(google: Google, folder: str) -> None:
    elsewhere = google.files.folder("elsewhere", shared_with=[google.reader])
    export = google.files.put("export.zip", b"1", parent=elsewhere)
    google.files.shortcut(folder, "back", parent=elsewhere)
    google.files.shortcut(elsewhere, "2024", parent=folder)
    google.files.shortcut(elsewhere, "2024 again", parent=folder)
    google.files.shortcut(export, "Link.zip", parent=folder)
    thrown = google.files.put("thrown.zip", b"1", shared_with=[google.reader])
    google.files.shortcut(thrown, "Thrown.zip", parent=folder)
    google.files.trash(thrown)
    assert names(folder) == ["Link.zip"]
    assert listed(folder).postponed == {}
    google.files.shortcut(google.files.put("b.csv", b"2", shared_with=[google.reader]), "B.csv", parent=elsewhere)
    assert names(folder) == ["2024/B.csv", "Link.zip"]


def test_a_shortcut_to_what_is_not_shared_is_told_with_whom_to_share(google: Google, folder: str) -> None:
    google.files.shortcut(google.files.put("mine.zip", b"1"), "mine.zip", parent=folder)
    google.files.put("a.csv", b"1", parent=folder)
    listing = listed(folder)
    assert [document.name for document in listing.documents] == ["a.csv"]
    assert refused(listing)["mine.zip"].startswith("it is a shortcut to what is gone or not shared.")
    assert google.reader in refused(listing)["mine.zip"]
    assert listed(folder, pattern="*.csv").postponed == {}


def test_googles_own_documents_are_refused_with_what_to_do_and_the_rest_goes_on(
    google: Google, folder: str, poll: Poll
) -> None:
    google.files.document("Notes", parent=folder)
    google.sheets.put("Readings", {"Log": []}, parent=folder)
    google.files.put("a.csv", b"1", parent=folder)
    polled = poll(google_drive, {"folder": folder})
    assert {each["document"]: each["why"] for each in polled.poll["postponed"]} == {
        "Notes": "it is a document of Google's own, which has no file: download it as one",
        "Readings": "it is a Google Sheet, which has no file: make it a source of its own with transport: "
        "google_sheets",
    }
    assert len(manifest.current_exports(polled.manifest, "drop")) == 1
    assert names(folder, pattern="*.csv") == ["a.csv"]


def test_a_shared_drive_is_a_folder_too(google: Google) -> None:
    drive = google.files.shared_drive("Study", {google.reader: "reader"})
    google.files.put("a.csv", b"1", parent=google.files.folder("2025", parent=drive))
    assert names(drive) == ["2025/a.csv"]


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("**/*", ["A.CSV", "sub/b.csv", "sub/deep/c.zip"]),
        ("*", ["A.CSV"]),
        ("*.csv", ["A.CSV"]),
        ("**/*.csv", ["A.CSV", "sub/b.csv"]),
        ("**/*.[cz]*", ["A.CSV", "sub/b.csv", "sub/deep/c.zip"]),
        ("sub/**/*", ["sub/b.csv", "sub/deep/c.zip"]),
        ("SUB/?.csv", ["sub/b.csv"]),
        ("*/*/*.zip", ["sub/deep/c.zip"]),
        ("nothing", []),
    ],
)
def test_a_pattern_chooses_by_the_path_below_the_folder(
    google: Google, folder: str, pattern: str, expected: list[str]
) -> None:
    sub = google.files.folder("sub", parent=folder)
    google.files.put("A.CSV", b"1", parent=folder)
    google.files.put("b.csv", b"1", parent=sub)
    google.files.put("c.zip", b"1", parent=google.files.folder("deep", parent=sub))
    assert names(folder, pattern=pattern) == expected


def test_letters_may_be_composed_or_not_and_a_slash_in_a_name_is_no_folder(google: Google, folder: str) -> None:
    google.files.put(unicodedata.normalize("NFD", "Größe.csv"), b"1", parent=folder)
    google.files.put("2025/26 log.csv", b"1", parent=folder)
    google.files.put("x/../../etc/passwd", b"1", parent=folder)
    assert names(folder) == ["2025_26 log.csv", "Größe.csv", "x_.._.._etc_passwd"]
    assert names(folder, pattern=unicodedata.normalize("NFD", "GRÖßE.*")) == ["Größe.csv"]


def test_a_file_whose_upload_is_not_finished_waits(google: Google, folder: str) -> None:
    identity = google.files.put("a.csv", b"1", parent=folder)
    google.files.by_id[identity].content = None
    google.files.by_id[identity].checksums_of = None
    assert refused(listed(folder)) == {"a.csv": "its upload is not finished; it is taken when it is"}


@pytest.mark.parametrize("pattern", ["/etc/*", "a//b", "../*", "**.csv", ""])
def test_a_pattern_that_leads_nowhere_is_refused(pattern: str) -> None:
    with pytest.raises(ConfigError, match="is no pattern for files below the folder"):
        google_drive.Settings("abc", pattern)


@pytest.mark.parametrize(
    "form",
    [
        "https://drive.google.com/drive/folders/{id}?usp=sharing",
        "https://drive.google.com/drive/u/0/folders/{id}",
        "https://drive.google.com/open?usp=x&id={id}",
        "{id}",
    ],
)
def test_a_folder_is_named_by_id_or_address_or_variable(
    google: Google, folder: str, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    google.files.put("a.csv", b"1", parent=folder)
    monkeypatch.setenv("MY_FOLDER", form.format(id=folder))
    assert names(form.format(id=folder)) == names("$MY_FOLDER") == ["a.csv"]


def test_a_folder_that_is_none_or_not_there_or_trashed_is_told(google: Google, folder: str) -> None:
    file = google.files.put("a.csv", b"1", shared_with=[google.reader])
    with pytest.raises(SourceUnreachableError, match=r"is no folder but a single file\. Set location"):
        listed(file)
    sheet = google.sheets.put("Log", {"Log": []}, shared_with=[google.reader])
    with pytest.raises(SourceUnreachableError, match="Set transport: google_sheets"):
        listed(sheet)
    hidden = google.files.folder("not shared")
    for identity in (hidden, "1nothing"):
        with pytest.raises(SourceUnreachableError, match="is not there, or is not shared") as caught:
            listed(identity)
        assert google.reader in str(caught.value)
        assert identity not in str(caught.value)
    google.files.trash(folder)
    with pytest.raises(SourceUnreachableError, match="lies in the bin"):
        listed(folder)


def test_an_empty_folder_is_no_fault_unless_there_was_something(google: Google, folder: str, poll: Poll) -> None:
    assert poll(google_drive, {"folder": folder}).poll["reachable"] is True
    file = google.files.put("a.csv", b"1", parent=folder)
    exports = poll(google_drive, {"folder": folder}).poll["new_exports"]
    google.files.trash(file)
    polled = poll(google_drive, {"folder": folder})
    assert "it lists nothing, where it had 1 document(s)" in polled.poll["why"]
    assert manifest.current_exports(polled.manifest, "drop") == exports


# -- what is fetched -----------------------------------------------------------------------------------------------


def test_bytes_are_asked_for_only_where_the_checksum_is_new(google: Google, folder: str, poll: Poll) -> None:
    files = {"a.zip": MB, "empty.csv": b"", "b.csv": b"b"}
    ids = {name: google.files.put(name, data, parent=folder) for name, data in files.items()}
    poll(google_drive, {"folder": folder})

    def downloads() -> list[str]:
        return [target for _, target in google.requests if "alt=media" in target]

    first = len(downloads())
    google.files.rename(ids["a.zip"], "renamed.zip")
    google.files.move(ids["b.csv"], google.files.folder("moved", parent=folder))
    polled = poll(google_drive, {"folder": folder})
    assert len(downloads()) == first
    assert {document["name"] for document in polled.manifest["documents"]} == {
        "renamed.zip",
        "empty.csv",
        "moved/b.csv",
    }
    google.files.edit(ids["b.csv"], b"c")
    assert poll(google_drive, {"folder": folder}).poll["new_exports"] == [hashlib.sha256(b"c").hexdigest()[:16]]
    assert len(downloads()) == first + 1


def test_a_file_that_changes_between_listing_and_fetch_waits_and_is_stored_whole_next_time(
    google: Google, folder: str, poll: Poll, raw_files: Callable[[], dict[str, bytes]]
) -> None:
    file = google.files.put("a.csv", b"old", parent=folder)
    google.files.put("b.csv", b"other", parent=folder)
    google.faults.add(rf"GET .*{file}.*alt=media", call(lambda: google.files.edit(file, b"new")))
    polled = poll(google_drive, {"folder": folder})
    why = "it was changed while it was read. It is taken in the next run."
    assert polled.poll["postponed"] == [{"document": "a.csv", "why": why}]
    assert sorted(raw_files().values()) == [b"other"]
    polled = poll(google_drive, {"folder": folder})
    assert polled.poll["postponed"] == []
    assert sorted(raw_files().values()) == [b"new", b"other"]
    (document,) = (each for each in polled.manifest["documents"] if each["name"] == "a.csv")
    assert document["revisions"][-1]["checksum"] == f"sha256:{hashlib.sha256(b'new').hexdigest()}"


def test_a_file_that_vanishes_between_listing_and_fetch_stops_no_other_and_is_gone_next_time(
    google: Google, folder: str, poll: Poll
) -> None:
    file = google.files.put("a.csv", b"old", parent=folder)
    google.files.put("b.csv", b"other", parent=folder)
    google.faults.add(rf"GET .*{file}.*alt=media", call(lambda: google.files.delete(file)))
    polled = poll(google_drive, {"folder": folder})
    assert polled.poll["postponed"][0]["why"].startswith("it is gone or may no longer be downloaded.")
    assert len(polled.poll["new_exports"]) == 1
    assert poll(google_drive, {"folder": folder}).poll["postponed"] == []


def test_a_file_that_may_not_be_downloaded_stops_no_other(google: Google, folder: str, poll: Poll) -> None:
    file = google.files.put("a.csv", b"1", parent=folder)
    google.files.put("b.csv", b"2", parent=folder)
    google.faults.add(rf"GET .*{file}.*alt=media", status(403, "cannotDownloadFile"), times=-1)
    for _ in range(2):
        polled = poll(google_drive, {"folder": folder})
        assert polled.poll["postponed"][0]["why"].startswith("it is gone or may no longer be downloaded.")
        assert len(manifest.current_exports(polled.manifest, "drop")) == 1
    google.faults.clear()
    assert len(manifest.current_exports(poll(google_drive, {"folder": folder}).manifest, "drop")) == 2


@pytest.mark.parametrize("way", ["trash", "delete"])
def test_a_file_that_is_gone_stays_in_the_manifest_and_counts_no_more(
    google: Google, folder: str, poll: Poll, way: str
) -> None:
    file = google.files.put("a.csv", b"1", parent=folder)
    google.files.put("b.csv", b"2", parent=folder)
    poll(google_drive, {"folder": folder})
    getattr(google.files, way)(file)
    polled = poll(google_drive, {"folder": folder})
    assert polled.poll["gone"] == 1
    assert len(polled.manifest["documents"]) == 2
    assert len(manifest.current_exports(polled.manifest, "drop")) == 1
    assert len(manifest.current_exports(polled.manifest, "keep")) == 2


def test_a_download_whose_bytes_the_line_changed_is_done_again_and_at_last_waits_alone(
    google: Google, folder: str, poll: Poll, raw_files: Callable[[], dict[str, bytes]]
) -> None:
    damaged = google.files.put("a.zip", MB, parent=folder)
    google.files.put("b.csv", b"1", parent=folder)
    google.faults.add(f"{damaged}.*alt=media|alt=media.*{damaged}", flip(77), times=3)
    polled = poll(google_drive, {"folder": folder})
    ((waiting,), whole) = (polled.poll["postponed"], list(raw_files().values()))
    assert (polled.poll["reachable"], waiting["document"], whole) == (True, "a.zip", [b"1"])
    assert "its bytes did not arrive as they are in Drive, 3 times." in waiting["why"]
    google.faults.add(f"{damaged}.*alt=media|alt=media.*{damaged}", flip(77), times=2)
    assert poll(google_drive, {"folder": folder}).poll["postponed"] == []
    assert sorted(raw_files().values()) == sorted([MB, b"1"])


def test_a_download_that_is_cut_leaves_nothing_behind(
    google: Google,
    folder: str,
    poll: Poll,
    raw_files: Callable[[], dict[str, bytes]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PDP_GOOGLE_PATIENCE_S", "0")
    google.files.put("a.zip", MB, parent=folder)
    google.faults.add("alt=media", truncate(1000), times=-1)
    polled = poll(google_drive, {"folder": folder})
    assert (polled.poll["reachable"], polled.manifest["documents"], raw_files()) == (False, [], {})
    google.faults.clear()
    assert poll(google_drive, {"folder": folder}).poll["reachable"] is True
    assert list(raw_files().values()) == [MB]


def test_nothing_that_is_kept_or_told_holds_an_id_of_drives(
    google: Google, folder: str, poll: Poll, tmp_path: Path
) -> None:
    ids = [folder, google.files.put("a.csv", b"1", parent=folder), google.files.document("d", parent=folder)]
    told = json.dumps(poll(google_drive, {"folder": folder}).poll)
    google.files.unshare(folder, google.reader)
    told += json.dumps(poll(google_drive, {"folder": folder}).poll)
    kept = (tmp_path / "raw" / "cuff.manifest.json").read_text()
    assert "a.csv" in kept
    assert [identity for identity in ids if identity in told + kept] == []
