"""`snakemake --report`: opens without a network, shows every page and caption, and a run is none the dearer for it."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from playwright.sync_api import Browser, Frame, Page
from playwright.sync_api import TimeoutError as PlaywrightTimeoutError

from pdp.cli import main
from tests.workflow.conftest import Tree

pytestmark = pytest.mark.workflow

FIRST_CLICK_MS = 10_000
CAPTIONS = {
    "Results": [
        "the sheet for a doctor",
        "One row per local day of ada",
        "One row per night of ada",
        "A gap stays a gap",
        "Values of two devices are never averaged",
    ],
    "Quality": ["every row that was read is accepted"],
    "Lineage": ["Which raw exports led to which tables"],
}
PAGES = {
    "Results": [
        "Agreement of devices: ada",
        "Day by day: ada",
        "Home blood pressure: ada",
        "Night by night: ada",
        "Trends: ada",
    ],
    "Quality": ["What became of every row: ada"],
    "Lineage": ["Lineage, run by run"],
}


@pytest.fixture(scope="module")
def reported(built: Tree, tmp_path_factory: pytest.TempPathFactory) -> Tree:
    """A built tree with both kinds of report, and no special target run before."""
    tree = built.copy(tmp_path_factory.mktemp("reported") / "tree")
    for kind in ("html", "zip"):
        tree.snakemake("--report", f"results/report.{kind}")
    return tree


@pytest.fixture(scope="module")
def unpacked(reported: Tree, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of the zipped report."""
    folder = tmp_path_factory.mktemp("unpacked")
    with zipfile.ZipFile(reported.root / "results/report.zip") as archive:
        archive.extractall(folder)
    return folder / "report/report.html"


class Opened:
    """A report in a browser, what it asked for and what went wrong."""

    def __init__(self, page: Page, file: Path) -> None:
        self.page, self.asked, self.faults = page, [], []
        page.on("request", lambda request: self.asked.append(request.url))
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("console", lambda line: self.faults.append(line.text) if line.type == "error" else None)
        page.goto(file.as_uri())

    def category(self, name: str) -> None:
        """Its list of results; from anywhere. What it clicks on next is there only when the page has drawn it."""
        home = "document.querySelector('nav').innerText.includes('Statistics')"
        self.page.locator("nav a").nth(1).click()  # home
        self.page.wait_for_function(f"{home} && !document.querySelector('iframe')")
        self.page.locator("nav").first.get_by_text(name, exact=True).last.click()
        self.page.wait_for_function(f"!{home} && document.querySelectorAll('nav a').length > 2")

    def icons(self, name: str) -> list[int]:
        """Of a category's list: an eye and a sign for information for each result."""
        self.category(name)
        every = self.page.locator("nav a").count()
        return list(range(every - 2 * len(PAGES[name]), every))

    def told(self, name: str) -> list[str]:
        """What the information about each result says."""
        found = []
        for at in self.icons(name)[1::2]:
            self.category(name)
            before = self.page.locator("nav").first.inner_text()
            self.page.locator("nav a").nth(at).click()
            shown = "(before) => document.querySelector('nav').innerText !== before"
            self.page.wait_for_function(shown, arg=before)
            found.append(self.page.locator("nav").first.inner_text())
        return found

    def pages(self, name: str) -> Iterator[Frame]:
        """Each result, opened."""
        for at in self.icons(name)[0::2]:
            frame = self._frame(name, at)
            frame.wait_for_selector("h1")
            yield frame

    def _frame(self, name: str, at: int) -> Frame:
        """What an eye opens. Snakemake may draw its list anew under a click, so one more is allowed, as to a person."""
        self.category(name)
        self.page.locator("nav a").nth(at).click()
        try:
            shown = self.page.wait_for_selector("iframe", timeout=FIRST_CLICK_MS)
        except PlaywrightTimeoutError:
            self.category(name)
            self.page.locator("nav a").nth(at).click()
            shown = self.page.wait_for_selector("iframe")
        frame = shown.content_frame() if shown else None
        assert frame is not None
        return frame


@pytest.fixture(params=["html", "zip"])
def opened(request: pytest.FixtureRequest, browser: Browser, reported: Tree, unpacked: Path) -> Iterator[Opened]:
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    yield Opened(page, reported.root / "results/report.html" if request.param == "html" else unpacked)
    page.close()


def test_it_says_first_that_it_is_private_and_shows_every_caption_and_page_without_asking_anyone(
    opened: Opened,
) -> None:
    assert "Private. This file holds health data" in opened.page.locator("#app").inner_text()
    for name, captions in CAPTIONS.items():
        told = opened.told(name)
        assert len(told) == len(captions)
        for caption in captions:
            assert sum(caption in " ".join(text.split()) for text in told) == 1, caption
        titles = [frame.inner_text("h1 >> nth=0") for frame in opened.pages(name)]
        assert sorted(titles) == sorted(PAGES[name])
    assert {url.partition(":")[0] for url in opened.asked} <= {"file", "data", "blob"}
    assert opened.faults == []


def test_the_lineage_tells_and_draws_what_the_run_made_and_its_boxes_lead_to_code_and_parameters(
    opened: Opened, reported: Tree
) -> None:
    (frame,) = opened.pages("Lineage")
    text = frame.inner_text("main")
    assert "ada/band" in text
    assert "New raw exports: 2." in text
    box = frame.locator("svg.drawing").first.locator("a", has_text="blood pressure").first
    digest = (box.get_attribute("href") or "").removeprefix("#key-")
    settings = frame.locator(f"#key-{digest}")
    assert not settings.is_visible()
    box.click()
    settings.wait_for(state="visible")
    artifacts = frame.locator("details", has_text="new versions").first
    artifacts.locator("summary").click()
    made = artifacts.locator("table").inner_text()
    sha256 = reported.artifacts()["results/merged/ada/blood_pressure.parquet"]
    assert "results/merged/ada/blood_pressure.parquet" in made
    assert sha256[:16] in made


def test_every_table_can_be_saved_as_csv_from_inside_the_report(opened: Opened, reported: Tree) -> None:
    saved: dict[str, list[dict[str, str]]] = {}
    for name in PAGES:
        for frame in opened.pages(name):
            for link in frame.locator("a[download]").all():
                with opened.page.expect_download(timeout=10_000) as download:
                    link.click()
                text = download.value.path().read_text(encoding="utf-8")
                saved[download.value.suggested_filename] = list(csv.DictReader(io.StringIO(text)))
    summary = reported.root / "results/summary/ada"
    for table in ("daily", "nights", "agreement", "bp_windows", "trends"):
        assert len(saved[f"{table}-ada.csv"]) == pq.read_metadata(summary / f"{table}.parquet").num_rows
    (day,) = pq.read_table(summary / "daily.parquet", filters=[("date", "==", date(2025, 3, 29))]).to_pylist()
    (told,) = (row for row in saved["daily-ada.csv"] if row["date"] == "2025-03-29")
    assert float(told["bp_systolic_mean_mmhg"]) == day["bp_systolic_mean_mmhg"]
    assert [row["status"] for row in saved["runs.csv"]] == ["COMPLETE"]
    digests = {row["path"]: row["sha256"] for row in saved["artifacts.csv"] if row["direction"] == "written"}
    assert digests == {path: sha256 for path, sha256 in reported.artifacts().items() if path in digests}
    assert len(digests) == len(reported.artifacts())


def test_no_text_of_a_drawing_leaves_its_box_in_the_fonts_of_this_machine(opened: Opened) -> None:
    (frame,) = opened.pages("Lineage")
    outside = frame.evaluate("""() => [...document.querySelectorAll(".drawing .box")].flatMap((box) => {
        const edge = box.querySelector("rect").getBoundingClientRect();
        return [...box.querySelectorAll("text")].filter((text) => {
            const found = text.getBoundingClientRect();
            return found.left < edge.left || found.right > edge.right || found.bottom > edge.bottom;
        }).map((text) => text.textContent);
    })""")
    assert outside == []


def test_a_report_leaves_nothing_to_do_and_nothing_unknown(reported: Tree, tmp_path: Path) -> None:
    tree = reported.copy(tmp_path / "tree")
    before = tree.artifacts()
    assert tree.ran() == []
    assert tree.artifacts() == before
    verdict = CliRunner().invoke(main, ["verify", "--results", str(tree.root / "results")])
    assert verdict.exit_code == 0, verdict.output


def test_a_run_writes_no_lineage_page_and_the_next_report_tells_of_it(reported: Tree, tmp_path: Path) -> None:
    tree = reported.copy(tmp_path / "tree")
    page = tree.root / "results/lineage.html"
    page.unlink()
    tree.write("in/cuff/april.csv", "Date,Time,Systolic,Diastolic,Pulse\n2025-04-13,08:00,125,80,58\n")
    assert "report_pages ada" in tree.ran()
    assert not page.exists()
    tree.snakemake("--report", "results/report.html")
    text = page.read_text(encoding="utf-8")
    assert text.count("New raw exports:") == 2
    assert "v2, new" in text
    assert "2 exports" not in text  # a box each: they are few
