"""How quickly the zoom of heart rate answers and is drawn, over millions of samples, and what the server holds for it.

The samples are made here, the tables by the rules' own functions; the server is the one that is deployed (gunicorn, 1
worker, 8 threads) and the browser the system's Chromium. A visitor presses the zoom's links at random.
"""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from playwright.sync_api import sync_playwright

from benchmarks import pyramid_question
from benchmarks.pages_question import FLAGS, chromium, served
from benchmarks.processes import Watch, environment
from benchmarks.text_table import megabytes, seconds, table
from pdp import described, heart_rate, pyramid, schemas, tables
from pdp.summarize import summarize
from pdp.summarize.summary_settings import SummarySettings
from pdp.timeframe import ZoneLedger
from pdp.trends.clock import clock
from pdp.trends.rolling import trends
from pdp.vocabulary import MEASURES

ROOT = Path(__file__).parents[1]
ZONE = "Africa/Lagos"  # an hour ahead of UTC all year, as the samples are
PRESSES = 200
WARM = 10  # presses that do not count
TOOK = """async (name) => {
  const graph = document.querySelector("#heart-zoom .js-plotly-plot");
  performance.clearResourceTimings();
  const answers = () => performance.getEntriesByType("resource").filter((one) => one.name.includes("/heart-rate/zoom"));
  const begun = performance.now();
  const drawn = new Promise((done) => {
    const look = () => {
      if (!answers().length) return;
      graph.removeListener("plotly_afterplot", look);
      done(performance.now() - begun);
    };
    graph.on("plotly_afterplot", look);
  });
  document.querySelector(`#page [data-zoom=${name}]`).click();
  const took = await drawn;
  const level = document.querySelector("#page .zoom-told strong").textContent.split(":")[0];
  return [answers()[0].duration, took, answers()[0].decodedBodySize, level];
}"""


def tell(folder: Path, size: int) -> str:
    """The table. What is generated is deleted by whoever made the folder."""
    place = folder / f"zoom-{size}"
    place.mkdir()
    with Watch(environment(ROOT / "src", ROOT), folder) as watch:
        written = watch.run([sys.executable, "-m", __name__, "write", str(place), str(size)])
        built = watch.run([sys.executable, "-m", __name__, "build", str(place)])
    with served(place) as (base, process), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(f"{base}/heart-rate")
        page.locator("#heart-zoom .main-svg").first.wait_for(state="attached")
        draw = random.Random(size)
        names = ["all", "year", "month", "week", "day", "hours", "earlier", "later", "in", "out"]
        told: list[list[Any]] = [page.evaluate(TOOK, draw.choice(names)) for _ in range(WARM + PRESSES)][WARM:]
        browser.close()
        rss = max(child.memory_info().rss for child in psutil.Process(process.pid).children())
    lines = []
    for name, at, unit in (("answer", 0, "ms"), ("pressed to redrawn", 1, "ms"), ("answer, unpacked", 2, "kB")):
        found = [one[at] / (1000 if unit == "kB" else 1) for one in told]
        p50, p95 = np.quantile(found, [0.5, 0.95]).tolist()
        lines.append([name, f"{p50:.0f} {unit}", f"{p95:.0f} {unit}", f"{max(found):.0f} {unit}"])
    levels = ", ".join(sorted({one[3] for one in told}))
    made = f"written in {seconds(written.wall_s)} with {megabytes(written.largest)}, tables in {seconds(built.wall_s)}"
    notes = [
        f"{len(told)} presses at random; levels: {levels}. Worker: {megabytes(rss)}.",
        f"Samples {made} with {megabytes(built.largest)}.",
    ]
    return table(f"Zoom over {size:,} samples", ["", "p50", "p95", "most"], lines, notes)


def write(place: Path, size: int) -> None:
    """Merged tables with heart rate alone."""
    for layer, schema_of in (("merged", schemas.validated), ("superseded", schemas.superseded)):
        folder = place / "results" / layer / "demo"
        folder.mkdir(parents=True)
        for measure in MEASURES:
            tables.SortingWriter(folder / f"{measure}.parquet", schema_of(measure)).close()
    pyramid_question.write(place / "results/merged/demo", size)


def build(place: Path) -> None:
    """The summary tables that the page reads."""
    summary = place / "results/summary/demo"
    summary.mkdir(parents=True)
    merged, superseded = (
        {measure: place / "results" / layer / "demo" / f"{measure}.parquet" for measure in MEASURES}
        for layer in ("merged", "superseded")
    )
    settings, ledger = SummarySettings(), ZoneLedger.from_config(ZONE)
    out = {name: summary / f"{name}.parquet" for name in ("daily", "nights", "agreement")}
    summarize(merged, superseded, settings=settings, ledger=ledger, out=out)
    pyramid.build(merged["heart_rate"], {each.table: summary / f"{each.table}.parquet" for each in pyramid.LEVELS})
    own = {name: summary / f"{name}.parquet" for name in heart_rate.TABLES}
    heart_rate.build(merged, settings=settings, ledger=ledger, out=own)
    daily = tables.read(out["daily"])
    described.write(summary / "clock.parquet", clock(daily["date"].to_pylist(), ledger))
    described.write(summary / "trends.parquet", trends(daily))
    sources: dict[str, Any] = {name: {} for name in ("cuff", "omron", "watch", "band")}
    (summary / "conservation.json").write_text(json.dumps({"sources": sources}), encoding="utf-8")


if __name__ == "__main__":
    if sys.argv[1] == "write":
        write(Path(sys.argv[2]), int(sys.argv[3]))
    else:
        build(Path(sys.argv[2]))
