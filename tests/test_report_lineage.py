"""The report's lineage page on registries made by hand: whose rows, what became of them, which runs, what as CSV."""

from __future__ import annotations

import csv
import hashlib
import html
import io
import json
import re
from pathlib import Path
from urllib.parse import unquote

import pyarrow as pa
import pytest
from playwright.sync_api import Browser

from pdp.drawing import lineage as drawn
from pdp.lineage import database, export_names, queries
from pdp.report_pages import csv_link, lineage, lineage_runs
from tests.workplace import Workplace, measured

EXPORT = "a" * 16


def written(place: Workplace, *subjects: str) -> str:
    return lineage.write(place.root, subjects or ("ada", "bea")).read_text(encoding="utf-8")


def tables(text: str, caption: str) -> list[list[str]]:
    """Cells of every body row under captions that begin so."""
    found = []
    for body in re.findall(rf"<caption>{caption}.*?<tbody>(.*?)</tbody>", text, re.DOTALL):
        for row in re.findall(r"<tr>(.*?)</tr>", body, re.DOTALL):
            cells = re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL)
            found.append([html.unescape(re.sub("<[^>]+>", "", cell)) for cell in cells])
    return found


def saved(text: str) -> dict[str, list[dict[str, str]]]:
    """What the page's links save, by the file's name."""
    links = re.findall(r'<a download="([^"]+)" href="data:text/csv[^,]*,([^"]*)"', text)
    return {name: list(csv.DictReader(io.StringIO(unquote(html.unescape(address))))) for name, address in links}


def export_of(
    place: Workplace, subject: str, source: str, export: str, document: str, run: str, *, rejected: int
) -> None:
    """An export of ten rows and one that could not be read, brought to a summary."""
    who = {"subject": subject}
    raw = place.file(f"resources/raw/{subject}/{export}", "same bytes")
    revision = {"export": export, "sha256": raw["sha256"], "bytes": 10, "first_seen": "2025-04-01T00:00:00Z"}
    documents = [{"id": "1", "name": document, "present": True, "revisions": [revision]}]
    place.file(f"results/manifests/{subject}/{source}.json", json.dumps({"documents": documents}))
    base = f"{subject}/{source}/{export}"
    read = place.file(f"results/normalized/{base}/heart_rate.parquet", f"n{base}", rows=10)
    unread = place.file(f"results/normalized/{base}/unread.parquet", f"u{base}", rows=1)
    place.job("normalize", [raw], [read, unread], run=run, wildcards={**who, "source": source, "export": export})
    good = place.file(f"results/validated/{base}/heart_rate.parquet", f"v{base}", rows=10 - rejected)
    bad = place.file(f"results/quarantine/{base}.parquet", f"q{base}", rows=rejected)
    place.job("validate", [read], [good, bad], run=run, wildcards={**who, "source": source, "export": export})


def summary_of(
    place: Workplace, subject: str, exports: list[tuple[str, str]], run: str, *, chosen: int, aside: int
) -> None:
    good = [
        place.file(
            f"results/validated/{subject}/{source}/{export}/heart_rate.parquet", f"v{subject}/{source}/{export}", rows=8
        )
        for source, export in exports
    ]
    merged = place.file(f"results/merged/{subject}/heart_rate.parquet", f"m{subject}{chosen}", rows=chosen)
    others = place.file(f"results/superseded/{subject}/heart_rate.parquet", f"s{subject}{aside}", rows=aside)
    place.job("merge", good, [merged, others], run=run, wildcards={"subject": subject, "measure": "heart_rate"})
    daily = place.file(f"results/summary/{subject}/daily.parquet", f"d{subject}{chosen}", rows=3)
    place.job("summarize", [merged, others], [daily], run=run, wildcards={"subject": subject})


@pytest.fixture
def two(tmp_path: Path) -> Workplace:
    """Two people whose exports have the same bytes under names of their own."""
    place = Workplace(tmp_path)
    for subject, source, document in (("ada", "band", '<b>ada\'s</b> "band".csv'), ("bea", "watch", "bea.csv")):
        export_of(place, subject, source, EXPORT, document, "r1", rejected=2)
        summary_of(place, subject, [(source, EXPORT)], "r1", chosen=5, aside=3)
    place.run("r1", subjects={"ada": ["band"], "bea": ["watch"]})
    return place


def test_rows_of_an_export_are_told_by_fate_and_where_they_led(two: Workplace) -> None:
    text = written(two)
    assert tables(text, "Raw exports that were read")[0] == [
        *('<b>ada\'s</b> "band".csv', "ada/band", _digest(two), "11", "8", "2", "1", "heart rate"),
    ]
    assert tables(text, "What was merged")[0][:7] == ["ada/heart rate", "1", "8", "5", "3", "yes", "v1"]


def _digest(place: Workplace) -> str:
    return hashlib.sha256((place.folder / f"resources/raw/ada/{EXPORT}").read_bytes()).hexdigest()[:16]


def test_a_merge_that_lost_a_row_does_not_balance(tmp_path: Path) -> None:
    place = Workplace(tmp_path)
    export_of(place, "ada", "band", EXPORT, "x.csv", "r1", rejected=2)
    summary_of(place, "ada", [("band", EXPORT)], "r1", chosen=5, aside=2)
    place.run("r1")
    assert {row[5] for row in tables(written(place), "What was merged")} == {"NO"}


def test_people_with_the_same_bytes_keep_the_names_of_their_own_files(two: Workplace) -> None:
    text = written(two)
    for caption in ("Raw exports of", "Raw exports that were read"):
        assert {(row[0], row[1]) for row in tables(text, caption)} == {
            ('<b>ada\'s</b> "band".csv', "ada/band"),
            ("bea.csv", "bea/watch"),
        }
    documents, sources = export_names.every(two.root)
    names = drawn.Names(documents, sources)
    assert names.document(f"resources/raw/bea/{EXPORT}") == "bea.csv"
    assert names.source(f"results/validated/ada/band/{EXPORT}/heart_rate.parquet") == "band"
    read = {(row["path"], row["name_at_source"]) for row in saved(text)["artifacts.csv"] if row["direction"] == "read"}
    assert (f"resources/raw/bea/{EXPORT}", "bea.csv") in read


def test_each_person_of_a_run_has_a_drawing_of_their_own(two: Workplace) -> None:
    text = written(two)
    names = re.findall(r'aria-label="What this run made of (\w+), and from what" tabindex', text)
    assert names == ["ada", "bea"]


def test_a_report_of_one_person_tells_nothing_of_another_in_the_same_registry(two: Workplace) -> None:
    about = {"wildcards": {"subject": "bea", "source": "watch", "export": EXPORT}, "reason": "", "rule": "validate"}
    poll = {"subject": "bea", "source": "watch", "reachable": True, "documents": 1, "new_exports": [], "gone": 0}
    two.job("ingest", [], [], run="r2", wildcards={"subject": "bea", "source": "watch"}, poll=poll)
    two.job("validate", [], [], run="r2", wildcards=about["wildcards"], code={"pdp.validate": "2222"}, status="FAIL")
    failed = {"event": "job_ended", "jobid": 1, "status": "FAIL"}
    two.run("r2", {"event": "job_planned", "jobid": 1, "log": "logs/bea.log", **about}, failed, status="FAIL")
    both, one = written(two), written(two, "ada")
    assert "bea" in both
    assert [word for word in ("bea", "watch") if word in one] == []
    assert {row["path"].split("/")[2] for row in saved(one)["artifacts.csv"]} == {"ada"}


def test_runs_that_found_nothing_to_do_are_a_line_and_push_no_other_out(two: Workplace) -> None:
    for number in range(2, 2 + 25):
        two.run(f"idle{number}", at=f"2026-11-24T06:{number:02d}:00.000Z", status="COMPLETE")
    text = written(two)
    assert "2026-11-24 06:02 UTC to 2026-11-24 06:26 UTC: 25 runs found nothing to do." in text
    assert 'id="run-r1"' in text
    assert len(saved(text)["runs.csv"]) == 26


def test_runs_that_are_asked_at_once_keep_their_own_jobs_and_polls(two: Workplace) -> None:
    poll = {"subject": "ada", "source": "band", "reachable": False, "documents": 1, "new_exports": ["x"], "gone": 0}
    two.job("ingest", [], [], run="r2", wildcards={"subject": "ada", "source": "band"}, poll=poll)
    about = {"wildcards": {}, "reason": "", "log": "", "rule": "merge"}
    planned = [{"event": "job_planned", "jobid": number, **about} for number in (1, 2)]
    ended = [
        {"event": "job_ended", "jobid": 1, "status": "FAIL"},
        {"event": "job_ended", "jobid": 2, "status": "COMPLETE"},
    ]
    two.run("r2", *planned, *ended, status="FAIL", graph={"merge": {"planned": 3, "reused": 1}, "all": {"reused": 1}})
    written(two)
    with database.reading(two.root) as session:
        second, first = queries.runs(session, 10)
        assert queries.runs(session, 1) == [second]
    assert (second.id, second.status, first.id) == ("r2", "FAIL", "r1")
    assert (second.ran, second.failed, second.reused) == (1, 1, 1)
    assert (second.polls, second.unreachable, second.new_exports) == (1, 1, 1)
    assert first.polls == first.new_exports == 0


def test_of_many_runs_the_last_are_drawn_and_all_are_in_the_files(tmp_path: Path) -> None:
    place = Workplace(tmp_path)
    export_of(place, "ada", "band", EXPORT, "x.csv", "r1", rejected=2)
    most = lineage_runs.MOST_RUNS + 3
    for number in range(1, most + 1):
        summary_of(place, "ada", [("band", EXPORT)], f"r{number}", chosen=number, aside=3)
        place.run(f"r{number}")
    text = written(place)
    assert re.findall(r'id="run-r(\d+)"', text) == [str(number) for number in range(most, 3, -1)]
    assert f"the last {lineage_runs.MOST_RUNS} runs that did something" in text
    files = saved(text)
    assert [row["run"] for row in files["runs.csv"]] == [f"r{number}" for number in range(most, 0, -1)]
    made = {(row["run"], row["version"]) for row in files["artifacts.csv"] if row["path"].endswith("daily.parquet")}
    assert made == {(f"r{number}", str(number)) for number in range(1, most + 1)}
    assert {len(row["sha256"]) for row in files["artifacts.csv"]} == {64}


def test_three_hundred_exports_are_a_row_each_and_one_box(tmp_path: Path) -> None:
    place = Workplace(tmp_path)
    exports = [f"{number:016x}" for number in range(300)]
    raws = []
    for export in exports:
        raw = place.file(f"resources/raw/ada/{export}", export)
        read = place.file(f"results/normalized/ada/band/{export}/heart_rate.parquet", export, rows=4)
        place.job("normalize", [raw], [read], run="r1", wildcards={"subject": "ada"})
        raws.append(place.file(f"results/validated/ada/band/{export}/heart_rate.parquet", export, rows=4))
        place.job("validate", [read], raws[-1:], run="r1", wildcards={"subject": "ada"})
    merged = place.file("results/merged/ada/heart_rate.parquet", "m", rows=1200)
    daily = place.file("results/summary/ada/daily.parquet", "d", rows=3)
    place.job("merge", raws, [merged], run="r1")
    place.job("summarize", [merged], [daily], run="r1")
    place.run("r1")
    text = written(place)
    assert len(tables(text, "Raw exports of ada")) == 300
    assert text.count("band: 300 exports</text>") == 2 * 3  # raw, read and checked, in both drawings


def test_a_failed_run_names_its_jobs_with_our_own_words_and_their_logs(two: Workplace) -> None:
    wildcards = {"subject": "ada", "source": "band", "export": EXPORT}
    about = {"wildcards": wildcards, "reason": "", "log": "logs/normalize/ada/band.log", "rule": "normalize"}
    error = {"type": "ConfigError", "message": "sources.band: column is missing."}
    two.job("normalize", [], [], run="bad", status="FAIL", wildcards=wildcards, error=error)
    two.run(
        "bad",
        {"event": "job_planned", "jobid": 1, **about},
        {"event": "job_ended", "jobid": 1, "status": "FAIL"},
        {"event": "error", "text": "RuleException: 131/84"},
        status="FAIL",
    )
    text = written(two)
    assert tables(text, "Jobs that did not end well") == [
        [f"normalize ada band {EXPORT}", "failed", "ConfigError: sources.band: column is missing.", about["log"]]
    ]


def test_a_run_says_which_module_and_which_setting_it_ran_for_with_old_and_new(tmp_path: Path) -> None:
    place = Workplace(tmp_path)
    merged = place.file("results/merged/ada/heart_rate.parquet", "m", rows=3)
    for run, digest, morning in (("r1", "1111", "05:00"), ("r2", "2222", "06:00")):
        daily = place.file("results/summary/ada/daily.parquet", f"d{run}", rows=3)
        settings = {"summary": {"morning": morning}}
        wildcards = {"subject": "ada"}
        code = {"pdp.summarize": digest, "pdp.store": "3333"}
        place.job("summarize", [merged], [daily], run=run, code=code, settings=settings, wildcards=wildcards)
        place.run(run)
    assert tables(written(place), "What was different") == [
        ["module pdp.summarize", "1111", "2222", "summarize"],
        ["setting summary.morning", '"05:00"', '"06:00"', "summarize"],
    ]


def test_a_text_that_a_spreadsheet_would_run_is_made_harmless_and_nothing_leaves_its_link() -> None:
    table = pa.table({"note": ['=HYPERLINK("x")', "a & b's <i> #1, 50%\n", None], "n": [1, 2, 3]})
    rows = saved(csv_link.link("x", table))["x.csv"]
    assert rows == [
        {"note": '\'=HYPERLINK("x")', "n": "1"},
        {"note": "a & b's <i> #1, 50%\n", "n": "2"},
        {"note": "", "n": "3"},
    ]


def test_the_pages_scroll_inside_themselves_and_fit_a_sheet_of_paper(two: Workplace, browser: Browser) -> None:
    file = lineage.write(two.root, ["ada", "bea"])
    page = browser.new_page(viewport={"width": 390, "height": 800})
    page.goto(file.as_uri())
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    outside = "[...document.querySelectorAll('*')].filter((one) => one.scrollWidth > one.clientWidth + 1"
    outside += " && getComputedStyle(one).overflowX == 'auto' && one.tabIndex < 0).length"
    assert page.evaluate(outside) == 0  # what scrolls can be scrolled with the keyboard
    page.set_viewport_size({"width": 720, "height": 1000})  # a sheet's width less its margins
    page.emulate_media(media="print")
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    wide = "[...document.querySelectorAll('table, svg')].map((one) => one.getBoundingClientRect().right)"
    assert max(page.evaluate(wide)) <= 720
    page.close()


def test_a_registry_with_measured_rows_gives_a_page_without_private_paths(tmp_path: Path) -> None:
    place = Workplace(tmp_path)
    measured(place)
    text = written(place, "me")
    assert str(tmp_path) not in text
    assert "my cuff.csv" in text
