"""A real browser, a server on a port of its own, a made-up year with gaps, and the demo as the workflow makes it."""

from __future__ import annotations

import fcntl
import random
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page
from werkzeug.serving import make_server

from dash_app.app import create_app
from dash_app.gateway_folder import DemoGateway
from tests.dash_app import made_pages
from tests.dash_app.synthetic import ACCOUNT
from tests.workflow.conftest import ROOT, Tree

FIRST, LAST = date(2025, 3, 1), date(2026, 2, 28)  # a year across both switches of the clock
SHARE_OF_GAPS = 0.2
COLD_KB = 850  # on the wire, with an empty cache
SHIFTS = """window.moved = 0;
new PerformanceObserver((list) => { for (const entry of list.getEntries()) window.moved += entry.value; })
  .observe({type: "layout-shift", buffered: true});"""


@contextmanager
def served(server: Flask) -> Iterator[str]:
    """Serve on a free port of this machine; the address."""
    live = make_server("127.0.0.1", 0, server, threaded=True)
    thread = threading.Thread(target=live.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{live.server_port}"
    finally:
        live.shutdown()
        thread.join(timeout=10)
        live.server_close()


@dataclass
class Tab:
    """A tab of the browser, and what went wrong in it."""

    page: Page
    base: str
    faults: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def open(self, path: str, *, is_live: bool = True) -> Page:
        """Go to a page; with `is_live`, wait until Dash has taken over and drawn all charts."""
        self.page.goto(self.base + path)
        if is_live:
            self.wait_until_live()
        return self.page

    def wait_until_live(self) -> None:
        """Until Dash has taken over and drawn all charts."""
        self.page.locator("#first-paint").wait_for(state="detached")
        for graph in self.page.locator("#page .dash-graph").all():
            graph.locator(".main-svg").first.wait_for(state="attached")

    def heard(self, line: ConsoleMessage) -> None:
        """Keep what the console says of errors and warnings."""
        if line.type in ("error", "warning"):
            self.faults.append(line.text)

    @property
    def foreign(self) -> list[str]:
        """Requests that left the origin."""
        return [url for url in self.asked if not url.startswith((self.base + "/", "data:", "blob:"))]


def weight(tab: Tab, path: str) -> int:
    """Bytes that come over the wire for a page, as the browser counts them."""
    told = tab.page.context.new_cdp_session(tab.page)
    told.send("Network.enable")
    sizes: list[int] = []
    told.on("Network.loadingFinished", lambda event: sizes.append(int(event["encodedDataLength"])))
    tab.open(path)
    told.detach()
    return sum(sizes)


class Shelf:
    """Contexts of the browser that are used again, each by one tab at a time.

    A page in a new context costs two CPU seconds, in a used one one: the charts' library is in its cache, and compiled
    in the process that its keeper, an empty page of the same site, holds open. Pages, cookies and what scripts may
    store are gone when a context is lent again; only the cache and the process stay.
    """

    USES = 25  # then a process has drawn enough

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._idle: list[tuple[BrowserContext, Page, int]] = []

    def new(self, **settings: Any) -> BrowserContext:
        """A context that nobody has used."""
        usual = {"reduced_motion": "reduce", "locale": "en-GB", "viewport": {"width": 1280, "height": 900}}
        return self._browser.new_context(**usual | settings)

    @contextmanager
    def lent(self) -> Iterator[BrowserContext]:
        """A context of the usual settings, from the shelf if there is one."""
        context, keeper, uses = self._idle.pop() if self._idle else self._kept()
        yield context
        told = context.new_cdp_session(keeper)
        for page in context.pages:
            if page is not keeper:
                told.send("Storage.clearDataForOrigin", {"origin": page.evaluate("origin"), "storageTypes": "all"})
                page.close()
        told.detach()
        context.set_offline(False)
        context.clear_cookies()
        if uses < self.USES:
            self._idle.append((context, keeper, uses + 1))
        else:
            context.close()

    def _kept(self) -> tuple[BrowserContext, Page, int]:
        context = self.new()
        keeper = context.new_page()
        keeper.route("**/*", lambda route: route.fulfill(body=""))
        keeper.goto("http://127.0.0.1/")
        return context, keeper, 1


@pytest.fixture(scope="session")
def shelf(browser: Browser) -> Shelf:
    """Contexts to be used again."""
    return Shelf(browser)


@contextmanager
def tabs(shelf: Shelf, usual: str) -> Iterator[Callable[..., Tab]]:
    """Opens tabs, each with cookies and settings of its own (`is_cold`: a cache, too); at `usual` if not told where."""
    with ExitStack() as until:

        def new(
            base: str | None = None, *, width: int = 1280, height: int = 900, is_cold: bool = False, **settings: Any
        ) -> Tab:
            if settings or is_cold:
                context = shelf.new(viewport={"width": width, "height": height}, **settings)
                until.callback(context.close)
            else:
                context = until.enter_context(shelf.lent())
            return watched(context.new_page(), base or usual, width, height)

        yield new


def watched(page: Page, base: str, width: int, height: int) -> Tab:
    """A tab around a page, which hears what goes wrong in it."""
    page.set_viewport_size({"width": width, "height": height})
    made = Tab(page, base)
    page.on("console", made.heard)
    page.on("pageerror", lambda error: made.faults.append(str(error)))
    page.on("request", lambda request: made.asked.append(request.url))
    return made


@pytest.fixture
def tab(shelf: Shelf, year: str) -> Iterator[Callable[..., Tab]]:
    """Opens tabs, on the made-up year if no address is given."""
    with tabs(shelf, year) as new:
        yield new


def made_up_days() -> dict[str, list[Any]]:
    """A year of days: each measure lacks a fifth of them; there are days without any, at both ends and in a row."""
    draw = random.Random(20260228)
    days = [FIRST + timedelta(days=n) for n in range((LAST - FIRST).days + 1)]
    found: dict[str, list[Any]] = {"date": days}
    names = ["bp_n", "bp_systolic_mean_mmhg", "bp_diastolic_mean_mmhg", "rhr_sleep_p05_bpm", "sleep_total_min"]
    found |= {name: [] for name in names}
    for at in range(len(days)):
        empty = at in (0, 1, len(days) - 1) or 100 <= at < 109 or draw.random() < 0.05
        has_pressure, has_rate, has_sleep = (not empty and draw.random() >= SHARE_OF_GAPS for _ in range(3))
        readings = draw.randrange(1, 5) if has_pressure else 0
        # Every day's values differ from its neighbours', so that another day's can't pass for the day's own.
        values = [100 + at % 53 + 0.3, 65 + at % 19 + 0.4] if has_pressure else [None, None]
        row = [readings, *values, 50 + at % 23 if has_rate else None, 300 + at if has_sleep else None]
        for name, value in zip(names, row, strict=True):
            found[name].append(float(value) if isinstance(value, int) and name != "bp_n" else value)
    return found


@pytest.fixture(scope="session")
def year_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A working folder with the made-up year."""
    root = tmp_path_factory.mktemp("year")
    summary = root / "results/summary/demo"
    summary.mkdir(parents=True)
    (summary / "conservation.json").write_text(ACCOUNT)
    days = made_up_days()
    table = pa.table({**days, "date": pa.array(days["date"], pa.date32()), "bp_n": pa.array(days["bp_n"], pa.int64())})
    pq.write_table(table, summary / "daily.parquet")
    return root


@pytest.fixture(scope="session")
def year(year_folder: Path) -> Iterator[str]:
    """Address of a server with the made-up year on the tests' own pages."""
    with served(create_app(DemoGateway(year_folder), made_pages).server) as base:
        yield base


@pytest.fixture(scope="session")
def demo_folder(tmp_path_factory: pytest.TempPathFactory, testrun_uid: str) -> Path:
    """A working folder in which the workflow has built the demo: once for all processes of a test run."""
    shared = tmp_path_factory.getbasetemp()
    shared = shared.parent if shared.name.startswith("popen-") else shared
    root = shared / f"demo-{testrun_uid}"
    with (shared / "demo.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (root / "built").exists():
            for folder in ("src", "scripts", "workflow", "profiles", "envs", "config", "resources/demo"):
                unwanted = shutil.ignore_patterns("__pycache__", "*.egg-info")
                shutil.copytree(ROOT / folder, root / folder, ignore=unwanted, dirs_exist_ok=True)
            shutil.copy2(ROOT / "Snakefile", root / "Snakefile")
            Tree(root).snakemake()
            (root / "built").touch()
    return root


@pytest.fixture(scope="session")
def demo(demo_folder: Path) -> Iterator[str]:
    """Address of a server with the demo on the dashboard's own pages."""
    with served(create_app(DemoGateway(demo_folder)).server) as base:
        yield base
