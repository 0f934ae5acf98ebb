"""What a new export would bring is told before anything of it is stored, and comes true when it is taken."""

from __future__ import annotations

import hashlib
import json
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from pdp.cli import main
from pdp.errors import PdpError
from pdp.forgotten import FILE, Entry, Forgotten
from pdp.lineage import effects
from pdp.preview import Asked, Preview, preview, reading
from tests.pipeline import SUBJECT, Person, Results

ROOT = Path(__file__).parents[1]
LOG = """\
Date,Time,Systolic,Diastolic,Pulse
2025-03-29,07:10,131,84,61
2025-03-29,07:12,129,83,60
2025-03-30,07:20,127,81,59
"""
BAND = """\
date,time,heartRate
2025-03-29,23:55,58
2025-03-30,00:00,57
2025-03-30,00:05,61
"""
CONFIG = """\
subjects:
  ada:
    time_zone: Europe/Berlin
    sources:
      cuff: {transport: folder, location: {path: in/cuff, pattern: "*.csv"}, format: bp_log}
      second_cuff: {transport: folder, location: {path: in/second}, format: bp_log}
      band: {transport: folder, location: {path: in/band}, format: zepp_life, passwords_from: [BAND_PASSWORD]}
"""
PRIORITY = ["cuff", "second_cuff", "band"]


class Home:
    """A person's folder after a run: configuration, results, what the sources are known to have."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.person = Person(folder)
        self.seen: list[tuple[str, str, str]] = []
        self.write("config/config.yaml", CONFIG)
        (folder / "workflow").mkdir()
        (folder / "workflow/schemas").symlink_to(ROOT / "workflow/schemas")

    def write(self, path: str, text: str | bytes) -> Path:
        """A file of the folder."""
        place = self.folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(text.encode() if isinstance(text, str) else text)
        return place

    def has(self, source: str, format: str, name: str, text: str) -> None:
        """A document that the run took in."""
        self.seen.append((source, name, self.person.give(source, format, text)))

    def run(self) -> Results:
        """All stages, and the manifests."""
        results = self.person.run(priority=dict.fromkeys(("blood_pressure", "heart_rate"), PRIORITY))
        for source in {source for source, *_ in self.seen}:
            documents = [self._document(name, export) for one, name, export in self.seen if one == source]
            manifest = {"subject": SUBJECT, "source": source, "reachable": True, "documents": documents}
            self.write(f"results/manifests/{SUBJECT}/{source}.json", json.dumps(manifest))
        return results

    def _document(self, name: str, export: str) -> dict[str, Any]:
        raw = (self.person.folder / "raw" / export).read_bytes()
        at = {"first_seen": "2025-04-02T00:00:00.000Z", "last_seen": "2025-04-03T00:00:00.000Z"}
        revision = {"export": export, "sha256": hashlib.sha256(raw).hexdigest(), "bytes": len(raw), **at}
        return {"id": name, "name": name, "present": True, "revisions": [revision]}

    def look(self, name: str, text: str | bytes, **asked: Any) -> Preview:
        """The preview of a file that lies beside."""
        return preview(Asked(self.write(f"new/{name}", text), self.folder / "results", **asked))

    def ask(self, *arguments: str) -> Result:
        """The command line."""
        return CliRunner().invoke(main, ["preview", *arguments, "--results", str(self.folder / "results")])

    def digests(self) -> dict[str, str]:
        """Every file and folder below results/ and resources/, byte for byte."""
        found = {}
        for layer in ("results", "resources"):
            for path in sorted((self.folder / layer).rglob("*")):
                is_file = path.is_file()
                found[str(path)] = hashlib.sha256(path.read_bytes()).hexdigest() if is_file else "folder"
        return found


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A log, another cuff's and a band, taken in."""
    home = Home(tmp_path / "home")
    home.has("cuff", "bp_log", "log.csv", LOG)
    home.has("second_cuff", "bp_log", "other.csv", LOG.splitlines()[0] + "\n2025-05-02,07:00,140,90,70\n")
    home.has("band", "zepp_life", "HEARTRATE_AUTO_1.csv", BAND)
    home.run()
    return home


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for temporary files of the test's own, and the band's password."""
    place = tmp_path / "temporary"
    place.mkdir()
    monkeypatch.setenv("TMPDIR", str(place))
    monkeypatch.setenv("BAND_PASSWORD", "secret")
    monkeypatch.setattr(tempfile, "tempdir", None)
    return place


def test_rows_are_told_by_fate_with_file_and_line(home: Home) -> None:
    bad = "2025-04-01,07:00,oops,80,60\n2025-04-01,08:00,900,80,60\n2025-04-01,09:00,120,80,60\n"
    home.write("new/more.csv", LOG.splitlines()[0] + "\n" + bad)
    said = home.ask(str(home.folder / "new/more.csv"), "--source", "cuff")
    assert said.exit_code == 0
    for words in (
        "1 unread: not a number",
        "more.csv:2  Systolic: the cell holds no number  | 2025-04-01,07:00,oops,80,60",
        "1 quarantined: systolic mmhg impossible (blood_pressure)",
        "more.csv:3  systolic_mmhg 900",
        "It would be taken: 1 row, 1 of which the data set does not have.",
    ):
        assert words in said.output


def test_no_name_and_no_value_is_printed_where_anyone_may_read_it(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PDP_DISCREET", "1")
    text = LOG.replace("129,83", "900,83").replace("07:20,127", "07:20,oops").replace("131,84", "139,84")
    home.write("new/log.csv", text)
    for form in ([], ["--json"]):
        said = home.ask(str(home.folder / "new/log.csv"), "--source", "cuff", *form)
        assert said.exit_code == 0
        assert "systolic_mmhg_impossible" in said.output.replace(" ", "_")
        for private in ("log.csv", "900", "oops", "139", "135"):
            assert private not in said.output, private


def test_bytes_that_are_known_change_nothing(home: Home) -> None:
    found = home.look("called otherwise.csv", LOG, source="cuff")
    assert (found.is_current, found.beside) == (True, None)
    assert [(one.source, one.document, one.is_current) for one in found.known] == [("cuff", "log.csv", True)]
    said = home.ask(str(home.folder / "new/called otherwise.csv"), "--source", "cuff")
    assert "These bytes are in the data set already: nothing would change. Nothing was stored." in said.output


def test_a_document_of_the_same_name_is_compared_with_the_revision_that_it_replaces(home: Home) -> None:
    edited = LOG.replace("131,84", "141,84").replace("2025-03-30,07:20,127,81,59\n", "2025-04-01,07:00,120,80,60\n")
    found = home.look("log.csv", edited)
    assert found.chosen is not None
    assert found.chosen.name == "cuff"
    assert found.revision is not None
    assert (found.revision.document, found.revision.revisions) == ("log.csv", 1)
    assert found.beside is not None
    told = found.beside.against["blood_pressure"]
    assert (told.same, told.changed, told.added, told.gone) == (1, 1, 1, 1)


def test_a_file_for_drive_is_compared_with_the_document_that_an_upload_of_its_name_replaces(home: Home) -> None:
    location = "location: {folder: 1AbCdEfGhIjKlMnOpQrStUvWxYz012345}"
    text = CONFIG.replace(
        'cuff: {transport: folder, location: {path: in/cuff, pattern: "*.csv"}',
        f"cuff: {{transport: google_drive, {location}",
    )
    home.write("config/config.yaml", text)
    found = home.look("log.csv", LOG.replace("131,84", "141,84"), source="cuff")
    assert found.revision is not None
    assert (found.revision.is_replaced, found.revision.may_lie_beside) == (True, True)
    assert found.beside is not None
    told = found.beside.against["blood_pressure"]
    assert (told.same, told.changed, told.added, told.gone) == (2, 1, 0, 0)
    said = home.ask(str(home.folder / "new/log.csv"), "--source", "cuff")
    assert "revision 2 of" in said.output
    assert "(Drive: keep both), it counts as one more" in said.output


def test_of_documents_of_one_name_the_one_at_the_files_own_place_is_replaced(home: Home) -> None:
    manifest = home.folder / f"results/manifests/{SUBJECT}/cuff.json"
    told = json.loads(manifest.read_text())
    (first,) = told["documents"]
    other = {**first, "id": "old/log.csv"}
    other["revisions"] = [{**first["revisions"][0], "sha256": "0" * 64, "last_seen": "2025-04-09T00:00:00.000Z"}]
    manifest.write_text(json.dumps({**told, "documents": [first, other]}))
    elsewhere = home.look("log.csv", LOG.replace("131", "141"), source="cuff")
    assert elsewhere.revision is not None
    assert elsewhere.revision.alike == 2
    assert "2 of that name are there" in home.ask(str(home.folder / "new/log.csv"), "--source", "cuff").output

    (home.folder / "in/cuff").mkdir(parents=True)
    config = CONFIG.replace("path: in/cuff", f"path: {home.folder}/in/cuff")
    home.write("config/config.yaml", config)
    there = home.write("in/cuff/log.csv", LOG.replace("131", "141"))
    found = preview(Asked(there, home.folder / "results"))
    assert found.revision is not None
    assert found.revision.alike == 1
    new = home.write("in/cuff/new/log.csv", LOG.replace("131", "141"))
    assert preview(Asked(new, home.folder / "results")).revision is None


def test_what_is_foretold_comes_true(home: Home) -> None:
    """Old and new rows of two cuffs and a band, against the same files taken in for good."""
    more = {
        "second_cuff": ("bp_log", LOG.replace("07:10,131", "07:11,135") + "2025-05-01,07:00,118,78,58\n"),
        "band": ("zepp_life", BAND.replace("00:00,57", "00:00,66") + "2025-03-31,00:05,63\n2025-03-31,00:15,64\n"),
        "cuff": ("bp_log", LOG.replace("127,81", "122,81") + "2025-05-02,07:01,119,79,60\n"),
    }
    before = home.folder / "before.parquet"
    before.write_bytes((home.folder / "results/summary" / SUBJECT / "daily.parquet").read_bytes())
    for source, (format, text) in more.items():
        found = home.look(f"new of {source}.csv", text, source=source)
        assert found.beside is not None
        measure = "heart_rate" if source == "band" else "blood_pressure"
        overlap = found.beside.overlaps[measure]
        assert overlap is not None
        accepted, export = found.accepted, hashlib.sha256(text.encode()).hexdigest()[:16]

        taken = Home(home.folder.parent / f"with {source}")
        for one, name, known in home.seen:
            kind = "zepp_life" if one == "band" else "bp_log"
            taken.has(one, kind, name, (home.person.folder / "raw" / known).read_text())
        taken.has(source, format, "new", text)
        results = taken.run()

        lost = Counter(row["reason"] for row in results.superseded(measure) if row["export"] == export)
        stand = [row for row in results.merged(measure) if row["export"] == export]
        counts = overlap.new, overlap.same, overlap.changed_wins, overlap.changed_loses, overlap.twin
        assert sum(counts) + overlap.device_wins + overlap.device_loses + overlap.repeated == accepted
        assert len(stand) == accepted - lost.total()
        assert lost["other_device"] == overlap.device_loses
        assert lost["conflict"] == overlap.changed_loses
        wins = {
            (row["winner_member"], row["winner_row"], row["reason"])
            for row in results.superseded(measure)
            if row["winner_export"] == export
        }
        assert sum(reason == "conflict" for *_, reason in wins) == overlap.changed_wins
        assert sum(reason == "other_device" for *_, reason in wins) == overlap.device_wins == (source == "cuff")
        assert sum(reason == "duplicate" for *_, reason in wins) + lost["duplicate"] == overlap.same

        after = taken.folder / "results/summary" / SUBJECT / "daily.parquet"
        actual, daily = effects.between(before, after, ("date",)), found.beside.daily
        assert daily is not None
        changed = {day: cells for day, cells in actual.corrected.items() if day not in daily.filled}
        assert daily.changed == changed
        assert changed or daily.filled


def test_a_file_of_another_format_than_its_source_reads_is_told_so(home: Home) -> None:
    home.write("new/band.csv", BAND)
    said = home.ask(str(home.folder / "new/band.csv"), "--source", "cuff")
    assert said.exit_code == 1
    assert "read as bp_log, but it looks like zepp_life" in said.output
    assert "Nothing of it can be read:" in said.output


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.gz", b"\x1f\x8b\x08" + bytes(40), "the file is a gzip archive"),
        ("a.html", b"<!doctype html><html>", "the file is a web page"),
        ("a.csv", b"", "the file is empty"),
        ("a.txt", b"dear diary,\nnothing\n", "does not look like an export of any app that is known"),
    ],
)
def test_a_file_that_nobody_reads_is_named_for_what_it_is(home: Home, name: str, content: bytes, words: str) -> None:
    home.write(f"new/{name}", content)
    said = home.ask(str(home.folder / "new" / name))
    assert said.exit_code == 1
    assert words in said.output
    assert "not seen before" in said.output


def test_a_locked_zip_is_opened_by_the_password_of_its_source(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    import pyzipper

    path = home.folder / "band.zip"
    with pyzipper.AESZipFile(path, "w", encryption=pyzipper.WZ_AES) as archive:
        archive.setpassword(b"secret")
        archive.writestr("HEARTRATE_AUTO/HEARTRATE_AUTO_1.csv", BAND.replace("00:05,61", "00:06,62"))
    said = home.ask(str(path), "--json")
    answer = json.loads(said.output)
    assert (said.exit_code, answer["source"], answer["format"], answer["accepted"]) == (0, "band", "zepp_life", 3)
    assert answer["members"] == {"HEARTRATE_AUTO/HEARTRATE_AUTO_1.csv": len(BAND)}

    monkeypatch.setenv("BAND_PASSWORD", "another")
    said = home.ask(str(path))
    assert (said.exit_code, "does not open the zip" in said.output) == (1, True)
    monkeypatch.delenv("BAND_PASSWORD")
    said = home.ask(str(path), "--source", "band")
    assert (said.exit_code, "BAND_PASSWORD is not set" in said.output) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--source", "cuf"], 'there is no source "cuf". Known: band, cuff, second_cuff. Did you mean "cuff"?'),
        (["--subject", "eve"], 'there is no subject "eve"'),
        (["--format", "bp"], 'there is no format "bp"'),
    ],
)
def test_a_name_that_is_unknown_is_wrong_usage(home: Home, arguments: list[str], words: str) -> None:
    home.write("new/log.csv", LOG)
    said = home.ask(str(home.folder / "new/log.csv"), *arguments)
    assert said.exit_code == 2
    assert words in said.output


def test_what_the_source_would_pass_over_is_said(home: Home) -> None:
    assert home.look("log.txt", LOG, source="cuff").passed_over
    assert not home.look("more.csv", LOG, source="cuff").passed_over


def test_what_was_forgotten_would_not_be_taken_again(home: Home) -> None:
    text = LOG.replace("131", "132")
    entry = Entry("1", "2025-05-01T00:00:00Z", "export", exports=(hashlib.sha256(text.encode()).hexdigest(),))
    home.write(f"resources/raw/{SUBJECT}/{FILE}", Forgotten((entry,)).write())
    home.write("new/more.csv", text)
    said = home.ask(str(home.folder / "new/more.csv"))
    assert said.exit_code == 1
    assert "Nothing of it would be taken: it was forgotten on 2025-05-01" in said.output


def test_exports_that_no_run_has_built_are_left_out_and_told(home: Home) -> None:
    (validated,) = (home.folder / "results/validated" / SUBJECT / "cuff").iterdir()
    (validated / "blood_pressure.parquet").unlink()
    found = home.look("more.csv", LOG, source="second_cuff")
    assert found.beside is not None
    assert found.beside.unbuilt == 1


def test_nothing_is_written_and_nothing_is_left(home: Home, temporary: Path) -> None:
    before = home.digests()
    assert home.look("more.csv", LOG.replace("131", "132"), source="cuff").accepted == 3
    with pytest.raises(PdpError, match="no source"):
        home.look("more.csv", LOG, source="nobody")
    assert home.digests() == before
    assert not list(temporary.iterdir())


def killed_while_at_work(home: Home, temporary: Path, number: signal.Signals) -> int:
    """A preview that got a signal once its folder was there; how it ended."""
    home.write("new/large.csv", BAND + "2025-04-01,00:00,60\n" * 150_000)
    command = [sys.executable, "-m", "pdp.cli", "preview", "new/large.csv"]
    running = subprocess.Popen(command, cwd=home.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    begun = time.monotonic()
    while not list(temporary.glob("pdp-aside-*/*")) and time.monotonic() - begun < 60:
        assert running.poll() is None
    (place,) = temporary.iterdir()
    assert place.stat().st_mode & 0o777 == 0o700
    running.send_signal(number)
    return running.wait(60)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_stopped_half_way_it_clears_up(home: Home, temporary: Path, number: signal.Signals) -> None:
    before = home.digests()
    assert killed_while_at_work(home, temporary, number) == 128 + number
    assert home.digests() == before
    assert not list(temporary.iterdir())


def test_what_a_killed_one_left_is_swept_by_the_next(home: Home, temporary: Path) -> None:
    before = home.digests()
    assert killed_while_at_work(home, temporary, signal.SIGKILL) == -signal.SIGKILL
    assert home.digests() == before
    assert list(temporary.iterdir())
    stranger = temporary / "pdp-aside-is-a-file"
    stranger.write_text("not a folder of ours")
    home.look("more.csv", LOG, source="second_cuff")
    assert list(temporary.iterdir()) == [stranger]


def test_what_takes_long_is_told_when_it_begins(home: Home) -> None:
    path = home.write("new/more.csv", LOG.replace("131", "132"))
    said: list[str] = []
    preview(Asked(path, home.folder / "results", source="cuff"), said.append)
    assert said == ["looking at it", "reading every record as bp_log", "merging it with what is there"]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # pyarrow closes what it can't
def test_a_full_disk_is_a_sentence(home: Home, temporary: Path) -> None:
    home.write("new/more.csv", LOG.replace("131", "132"))
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = home.digests()
    resource.setrlimit(resource.RLIMIT_FSIZE, (512, limits[1]))
    try:
        said = home.ask(str(home.folder / "new/more.csv"), "--source", "cuff")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert said.exit_code == 2
    assert "there is no room for temporary files" in said.output
    assert home.digests() == before
    assert not list(temporary.iterdir())


def test_temporary_files_inside_the_data_set_are_refused(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(home.folder / "results"))
    home.write("new/more.csv", LOG)
    said = home.ask(str(home.folder / "new/more.csv"), "--source", "cuff")
    assert said.exit_code == 2
    assert "Set TMPDIR to a folder elsewhere" in said.output


def test_a_file_that_changes_meanwhile_is_refused(home: Home) -> None:
    path = home.write("new/more.csv", LOG)
    status = path.stat()
    path.write_text(LOG + "2025-04-01,07:00,120,80,60\n")
    with pytest.raises(PdpError, match="changed while it was read"):
        reading.unchanged(path, status.st_size, status.st_mtime_ns)
