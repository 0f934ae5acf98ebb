"""How soon a page can be read and is drawn, how much it weighs, and how quickly the crosshair answers.

The server is the one that is deployed (gunicorn, 1 worker, 8 threads) on the demo's results of this folder; the browser
is the system's Chromium, each visit with an empty cache. Slow: a CPU four times slower, 10 Mbit/s, 40 ms of latency.
"""

from __future__ import annotations

import os
import shutil
import socket
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.text_table import table

ROOT = Path(__file__).parents[1]
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
SLOW = {"offline": False, "latency": 40, "downloadThroughput": 10e6 / 8, "uploadThroughput": 10e6 / 8}
WATCH = """
window.seen = {lcp: 0, shift: 0, drawn: 0};
new PerformanceObserver((list) => { for (const entry of list.getEntries()) window.seen.lcp = entry.startTime; })
  .observe({type: "largest-contentful-paint", buffered: true});
new PerformanceObserver((list) => { for (const entry of list.getEntries()) window.seen.shift += entry.value; })
  .observe({type: "layout-shift", buffered: true});
const look = () => {
  const graphs = [...document.querySelectorAll("#page .dash-graph")];
  const isDrawn = !document.getElementById("first-paint") && graphs.every((graph) => graph.querySelector(".main-svg"));
  if (document.readyState !== "loading" && isDrawn) window.seen.drawn = performance.now();
  else requestAnimationFrame(look);
};
requestAnimationFrame(look);
"""
MOVES = """() => {
  const box = document.querySelector("#page .crossed .chart"), at = box.getBoundingClientRect(), took = [];
  for (let step = 0; step < 400; step++) {
    const x = at.left + 50 + ((step * 37) % (at.width - 130));
    const begun = performance.now();
    const to = {clientX: x, clientY: at.top + 50, pointerType: "mouse", bubbles: true};
    box.dispatchEvent(new PointerEvent("pointermove", to));
    document.body.getBoundingClientRect();
    took.push(performance.now() - begun);
  }
  return took;
}"""


@dataclass(frozen=True)
class Visit:
    """What one visit took, ms, and weighed, kB."""

    readable: float
    drawn: float
    shift: float
    cold: float
    warm: float


def tell(paths: tuple[str, ...], repeats: int) -> str:
    """The table of all pages, and a line about the crosshair."""
    with served(Path()) as (base, _), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        rows = []
        for page_path in paths:
            for name, is_slow in (("plain", False), ("slow", True)):
                visits = [_visit(browser, base + page_path, is_slow) for _ in range(repeats)]
                rows.append([page_path, name, *_medians(visits)])
        crossed = _crosshair(browser, base)
        browser.close()
    heads = ["page", "machine", "largest paint ms", "drawn ms", "layout shift", "cold kB", "warm kB"]
    return table(f"Pages, median of {repeats} visits", heads, rows, [crossed])


def chromium() -> str | None:
    """Where the system's browser is."""
    return next((found for name in BROWSERS if (found := shutil.which(name))), None)


def _visit(browser: Browser, url: str, is_slow: bool) -> Visit:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.add_init_script(WATCH)
    told = context.new_cdp_session(page)
    told.send("Network.enable")
    if is_slow:
        told.send("Network.emulateNetworkConditions", SLOW)
        told.send("Emulation.setCPUThrottlingRate", {"rate": 4})
    sizes: list[int] = []
    told.on("Network.loadingFinished", lambda event: sizes.append(int(event["encodedDataLength"])))
    seen = _open(page, url)
    cold = sum(sizes)
    sizes.clear()
    _open(page, url)
    context.close()
    return Visit(seen["lcp"], seen["drawn"], seen["shift"], cold / 1000, sum(sizes) / 1000)


def _open(page: Page, url: str) -> dict[str, Any]:
    page.goto(url)
    page.wait_for_timeout(200)
    while not (seen := page.evaluate("() => window.seen"))["drawn"]:
        page.wait_for_timeout(100)
    page.wait_for_load_state("networkidle")
    return page.evaluate("() => window.seen") | {"drawn": seen["drawn"]}


def _medians(visits: list[Visit]) -> list[str]:
    def middle(name: str) -> float:
        return statistics.median(getattr(visit, name) for visit in visits)

    return [
        f"{middle('readable'):.0f}",
        f"{middle('drawn'):.0f}",
        f"{middle('shift'):.3f}",
        f"{middle('cold'):.0f}",
        f"{middle('warm'):.0f}",
    ]


def _crosshair(browser: Browser, base: str) -> str:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.add_init_script(WATCH)
    _open(page, base + "/")
    page.get_by_role("link", name="1 year").click()
    page.wait_for_load_state("networkidle")
    if not page.locator("#page .crossed .chart").count():
        return "Crosshair: the overview has none"
    took = sorted(page.evaluate(MOVES))
    page.close()
    p50, p95 = (took[len(took) * part // 100] for part in (50, 95))
    return f"Crosshair on a year, {len(took)} moves: p50 {p50:.1f} ms, p95 {p95:.1f} ms"


@contextmanager
def served(folder: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """The deployed server on the results of a folder: its address and process."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"127.0.0.1:{port}"
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PDP_")}
    kept |= {"PYTHONPATH": str(ROOT)}
    served = ["--workers", "1", "--threads", "8", "--bind", address, "dash_app.wsgi:app"]
    command = [sys.executable, "-m", "gunicorn", *served]
    process = subprocess.Popen(command, env=kept, cwd=folder, stderr=subprocess.DEVNULL)
    try:
        for _ in range(300):
            try:
                urllib.request.urlopen(f"http://{address}/healthz", timeout=5).close()
                break
            except OSError:
                time.sleep(0.1)
        yield f"http://{address}", process
    finally:
        process.terminate()
        process.wait(timeout=30)
