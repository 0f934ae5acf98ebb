"""Nobody but the owner gets anything of the owner's, whatever is asked.

The measure: while the owner is signed in and asks the same things just before, every answer to somebody else is byte
for byte that of a server on which nobody ever signed in. So what slips through is found without knowing where to look.
"""

from __future__ import annotations

import copy
import itertools
import json
import re
import shutil
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from dash import ALL, MATCH, Dash, Input, Output, State

from dash_app import app as dashboard
from dash_app.app import create_app
from dash_app.gateway import Dataset, Gateway
from dash_app.settings import LOOPBACK, Settings
from pdp.lineage import record
from pdp.lineage.state import write as write_last_run
from pdp.store import sha256
from tests.dash_app.conftest import served
from tests.dash_app.owner import CANARY, PASSWORD, Browser, Served, make_state, serve
from tests.workplace import Workplace

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
CALLBACKS = "/_dash-update-component"
# What somebody would try who knows how the project lays out its folders.
PATHS = (
    "",
    "private",
    "report",
    f"results/summary/{CANARY}/daily.parquet",
    f"..%2f..%2fresults/summary/{CANARY}/daily.parquet",
)
QUERIES = (
    "",
    f"?subject={CANARY}&is_synthetic=0&root=/&person={CANARY}",
    "?from=2025-03-01&to=2025-04-01&theme=dark&guide=esh_2023",
    f"?metric=bp_systolic_mean_mmhg&figure=bp_systolic_mean_mmhg&table=daily&day=2025-03-14&row=1&run={CANARY}",
    "?from=%00&to=%27&day=x&table=../../me/daily",
)
INTERLEAVED = 1000
MOST_OF_A_PAGE = 2  # addresses of one path that differ in their parameters
MOST_OF_LINEAGE = 4  # where they lead to other tables
DRAWN = "/report.pdf"  # anew each time, in half a second
TEXTS = ("text", "source", "device", "member", "export", "value", "reason", "content")
SONG = "kanarienlied"  # stands in the owner's data, and in no request; that CANARY is the person's name may be known


@dataclass(frozen=True)
class Folders:
    """Where what lies.

    Args:
        address: A state with the tables of somebody whose pressures are 60 mmHg higher, and whose every name is a
            canary.
        beside: The demo in a folder that has that person's files as well, as on a laptop: the tables of every stage,
            manifests and raw exports, a canary in each text of theirs.
    """

    address: str
    beside: Path


@pytest.fixture(scope="module")
def folders(demo_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Folders:
    """Both, made of the demo."""
    work, beside = tmp_path_factory.mktemp("work"), tmp_path_factory.mktemp("beside")
    for name in ("results", "resources/raw"):
        shutil.copytree(demo_folder / name, beside / name)
        for own in (demo_folder / name).rglob("demo"):
            _another(own, beside / name / own.relative_to(demo_folder / name).parent / CANARY)
    place = Workplace(work)
    summary = work / "results/summary" / CANARY
    shutil.copytree(beside / "results/summary" / CANARY, summary)
    outputs = []
    for path in sorted(path for path in summary.rglob("*") if path.is_file()):
        about = {"name": path.stem, "path": path.relative_to(work).as_posix()}
        outputs.append(about | {"sha256": sha256(path), "bytes": path.stat().st_size})
    place.job("summarize", [], [one | {"rows": 1} for one in outputs], run="r1", wildcards={"subject": CANARY})
    place.run("r1", subjects={CANARY: [f"{CANARY}_cuff"]})
    record.fold(work / "results")
    write_last_run(work / "results")
    return Folders(make_state(tmp_path_factory.mktemp("state") / "state", work), beside)


def _another(demo: Path, own: Path) -> None:
    """Somebody's folder, made of the demo person's: the same files with other values and texts."""
    for path in sorted(demo.rglob("*")):
        target = own / path.relative_to(demo)
        target.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".parquet":
            pq.write_table(_others(pq.read_table(path)), target)
        elif path.suffix == ".json":
            text = path.read_text().replace('"cuff"', f'"{CANARY}_cuff"')
            target.write_text(re.sub(r'("(?:name|kind|text)": ")[^"]*', rf"\1{SONG}", text))
        elif path.is_file():
            target.write_bytes(SONG.encode())


def _others(table: pa.Table) -> pa.Table:
    for number, column in enumerate(table.schema):
        if column.name.endswith("_mmhg") and pa.types.is_floating(column.type):
            table = table.set_column(number, column, pc.add(table[column.name], 60).cast(column.type))
        elif column.name in TEXTS and pa.types.is_string(column.type):
            table = table.set_column(number, column, pa.array([SONG] * len(table), column.type))
    return table


def same(page: bytes) -> bytes:
    """A page without the random token that Dash puts into each."""
    return re.sub(rb'"end_id":"[^"]*"', b'"end_id":""', page)


@dataclass
class Sweep:
    """Two servers with the same demo and the same state; on `busy` the owner is at work, on `quiet` nobody ever was."""

    busy: Served
    quiet: Served
    owner: Browser
    known: dict[tuple[str, str, str], tuple[Any, Any]] = field(default_factory=dict)
    visitors: Iterator[int] = field(default_factory=itertools.count)

    def compare(self, method: str, path: str, cookie: str = "", **more: Any) -> bytes:
        """Somebody's answer beside the owner, held against the same where no owner is. The owner's answer."""
        mine, expected = self.asked(method, path, **more)
        assert mine.headers.get("Cache-Control") == "no-store" or path.startswith(
            ("/assets/", "/_dash-component-suites/")
        )
        answer = self._ask(cookie, self.busy, method, path, **more)
        told = f"{method} {path} {more}"
        assert SONG.encode() not in answer.data, told
        assert answer.status_code == expected.status_code, told
        assert same(answer.data) == same(expected.data), told
        assert {**answer.headers} == {**expected.headers}, told
        return bytes(mine.data)

    def asked(self, method: str, path: str, **more: Any) -> tuple[Any, Any]:
        """The owner's answer, and the one where no owner is: asked once each, as neither changes."""
        key = (method, path, json.dumps(more, sort_keys=True))
        if key not in self.known:
            mine = self._ask(self.owner.cookie, self.busy, method, path, **more)
            self.known[key] = mine, self._ask("", self.quiet, method, path, **more)
        return self.known[key]

    def _ask(self, cookie: str, served: Served, method: str, path: str, **more: Any) -> Any:
        served.server.testing = False  # an error is an answer
        # Each time from elsewhere: how much one visitor may ask for is told in test_sign_in.
        address = str(ip_address("10.0.0.0") + next(self.visitors))
        return Browser(served.server, served.settings, address, cookie).ask(method, path, **copy.deepcopy(more))


def with_probes(gateway: Gateway) -> Dash:
    """The pages, and callbacks that give away all they can, as a careless page's would; one with wildcards."""
    app = create_app(gateway)

    def tell() -> str:
        data = gateway.dataset()
        pressures = data.table("daily", ["bp_systolic_mean_mmhg"])[0].to_pylist()
        return f"{data.subject} {data.version} {pressures} {_texts(data)}"

    @app.callback(Output("probe", "children"), Input("url", "pathname"), State("url", "search"))
    def probe(pathname: Any, search: Any) -> str:
        return tell()

    @app.callback(
        Output({"type": "probe", "index": MATCH}, "children"),
        Input({"type": "ask", "index": MATCH}, "n_clicks"),
        State({"type": "kept", "index": ALL}, "data"),
    )
    def probe_each(n_clicks: Any, kept: Any) -> str:
        return tell()

    @app.callback(Output("probe", "title"), Output("probe", "lang"), Input("url", "hash"))
    def probe_two(hash: Any) -> tuple[str, str]:
        return tell(), tell()

    return app


def _texts(data: Dataset) -> list[str]:
    return [str(text) for text in data.table("agreement", ["source"])["source"].to_pylist()]


@pytest.fixture(scope="module")
def sweep(demo_folder: Path, folders: Folders) -> Iterator[Sweep]:
    busy = serve(folders.beside, folders.address, make=with_probes)
    quiet = serve(demo_folder, folders.address, make=with_probes)
    owner = busy.browser()
    assert owner.sign_in().status_code == 303
    yield Sweep(busy, quiet, owner)
    busy.gateway.sessions.end_all()


def rules(sweep: Sweep) -> dict[str, list[str]]:
    """Every rule of the server, and addresses with something in each of its gaps."""
    found: dict[str, list[str]] = {}
    for rule in sweep.busy.server.url_map.iter_rules():
        gaps = re.findall("<[^>]+>", rule.rule)
        for path in PATHS if gaps else [""]:
            address = rule.rule
            for gap in gaps:
                address = address.replace(gap, path)
            found.setdefault(rule.rule, []).append(address)
    return {rule: addresses for rule, addresses in found.items() if not rule.startswith("/sign-")}


def links(text: str) -> set[str]:
    """What a page links to here."""
    return {unescape(found).split("#")[0] for found in re.findall(r"""(?:href|src|action)=["']([^"'#][^"']*)""", text)}


def crawl(sweep: Sweep) -> list[str]:
    """Compare every page, and what they link to for the owner or for others; of each a few variants. What was found."""
    seen: list[str] = []
    times: Counter[str] = Counter()
    todo = ["/"]
    while todo:
        path = _some_days(todo.pop(0))
        plain = path.split("?")[0]
        if path in seen or not path.startswith("/") or path.startswith(("/assets", "/sign-", "/_dash-comp")):
            continue
        if times[plain] == (MOST_OF_LINEAGE if plain == "/lineage" else MOST_OF_A_PAGE):
            continue
        times[plain] += 1
        seen.append(path)
        sweep.compare("GET", path)
        both = [links(answer.get_data(as_text=True)) for answer in sweep.asked("GET", path) if is_page(answer)]
        todo += sorted(set().union(*both))
    return seen


def is_page(answer: Any) -> bool:
    """Whether it may have links."""
    return bool(answer.mimetype == "text/html")


def _some_days(path: str) -> str:
    """A download of three days: a year of heart rate takes seconds to write, and shows no more."""
    return re.sub(r"from=[\d-]+&to=[\d-]+", "from=2026-03-29&to=2026-03-31", path) if "download" in path else path


def altered(body: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A callback's body, and what somebody might make of it."""
    yield body
    everything = ["/private", "/", CANARY, 1, None, {"subject": CANARY}, [CANARY], "2025-03-14", True]
    for value in everything:
        changed = copy.deepcopy(body)
        for each in [*changed["inputs"], *changed["state"]]:
            if isinstance(each, dict):
                each["value"] = value
        yield changed
    for key, values in {
        "id": ["private", {"type": "private", "index": CANARY}, {"type": ["ALL"]}],
        "property": ["pathname", "data", "children", "__class__"],
    }.items():
        for value in values:
            changed = copy.deepcopy(body)
            for each in [*changed["inputs"], *changed["state"]]:
                if isinstance(each, dict):
                    each[key] = value
            yield changed
    extra = {"id": "url", "property": "pathname", "value": "/private"}
    yield body | {"inputs": [*body["inputs"], extra]}
    yield body | {"state": [*body["state"], extra]}
    yield body | {"outputs": [{"id": "private", "property": "data"}]}
    yield body | {"output": "..private.data...private.children.."}
    yield body | {"changedPropIds": ["url.pathname", f"{CANARY}.data"]}
    yield body | {"is_synthetic": False, "subject": CANARY, "session": "x"}


def bodies(sweep: Sweep) -> Iterator[dict[str, Any]]:
    """Every callback of the server, asked as its page asks."""
    for known in json.loads(sweep._ask("", sweep.busy, "GET", "/_dash-dependencies").data):
        outputs = [output.rsplit(".", 1) for output in known["output"].strip(".").split("...")]
        told = [{"id": _id(id), "property": name} for id, name in outputs]
        yield {
            "output": known["output"],
            "outputs": told if known["output"].startswith("..") else told[0],
            "inputs": [_filled(each) for each in known["inputs"]],
            "state": [_filled(each) for each in known["state"]],
            "changedPropIds": [f"{each['id']}.{each['property']}" for each in known["inputs"][:1]],
        }


def _filled(wanted: dict[str, Any]) -> Any:
    """An input as a page sends it: of a wildcard for all, a list."""
    one = {"id": _id(wanted["id"]), "property": wanted["property"], "value": None}
    return [one] if '["ALL"]' in wanted["id"] else one


def _id(written: str) -> Any:
    if not written.startswith("{"):
        return written
    return {name: 1 if isinstance(value, list) else value for name, value in json.loads(written).items()}


def test_the_owner_sees_what_others_do_not(sweep: Sweep) -> None:
    own = sweep.compare("GET", "/")
    assert same(own) != same(sweep._ask("", sweep.quiet, "GET", "/").data)
    assert b"Sign out" in own
    told = [sweep.compare("POST", CALLBACKS, json=body) for body in bodies(sweep)]
    assert sum(SONG.encode() in each for each in told) >= 3


def test_no_address_gives_anything_of_the_owner_to_others(sweep: Sweep) -> None:
    for rule, (first, *more) in rules(sweep).items():
        for method in METHODS:
            if (method, first) != ("HEAD", DRAWN):
                sweep.compare(method, first)
        # What is made of data on request is asked with everything; what only names files, without.
        queries = [] if "<" in rule else QUERIES[1:2] if rule == DRAWN else QUERIES[1:]
        for path in [*(first + query for query in queries), *more]:
            sweep.compare("GET", path)


def test_no_page_and_no_link_even_of_the_owners_own_pages_gives_it_to_others(sweep: Sweep) -> None:
    found = crawl(sweep)
    assert {page.PATH for page in dashboard.pages()} <= {path.split("?")[0] for path in found}
    assert len([path for path in found if path.startswith("/download/")]) >= 3


def test_no_callback_however_altered_gives_it_to_others(sweep: Sweep) -> None:
    for body in bodies(sweep):
        for asked in altered(body):
            sweep.compare("POST", CALLBACKS, json=asked)


@pytest.mark.parametrize("cookie", ["A" * 43, "x", "", "' or 1=1 --", "eyJzdWJqZWN0IjoibWUifQ.aaaa.bbbb"])
def test_no_invented_cookie_gives_it(sweep: Sweep, cookie: str) -> None:
    for path in ("/", "/_dash-layout"):
        sweep.compare("GET", path, cookie)


def test_the_owner_and_somebody_at_the_same_time_each_get_their_own(sweep: Sweep) -> None:
    asked: list[tuple[str, str, dict[str, Any]]] = [("GET", "/", {})]  # a page is long at work: most ask little
    asked += [("POST", CALLBACKS, {"json": body}) for body in bodies(sweep)] * (INTERLEAVED // 30)

    def answers(cookie: str, served: Served) -> list[bytes]:
        return [same(sweep._ask(cookie, served, method, path, **more).data) for method, path, more in asked]

    own, others = answers(sweep.owner.cookie, sweep.busy), answers("", sweep.quiet)
    assert not set(own) & set(others)
    wrong: list[str] = []
    right: list[str] = []

    def ask(cookie: str, expected: list[bytes]) -> None:
        for _ in range(INTERLEAVED // (4 * len(asked)) + 1):
            for found, wanted, one in zip(answers(cookie, sweep.busy), expected, asked, strict=True):
                is_mixed = found in (others if cookie else own)
                told = f"{'owner' if cookie else 'other'} {one} {'mixed' if is_mixed else found[:300]!r}"
                (right if found == wanted else wrong).append(told)

    threads = [threading.Thread(target=ask, args=each) for each in ((sweep.owner.cookie, own), ("", others)) * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong[:3] == []
    assert len(right) >= INTERLEAVED


def test_after_signing_out_the_stolen_cookie_gives_nothing_anywhere(sweep: Sweep) -> None:
    owner = sweep.busy.browser(address="198.51.100.77")
    owner.sign_in()
    stolen = owner.cookie
    assert b"Sign out" in sweep._ask(stolen, sweep.busy, "GET", "/").data
    owner.post("/sign-out")
    # What else there is is made behind the same gateway, which the sweep above has asked.
    paths = {page.PATH for page in dashboard.pages()} | {addresses[0] for addresses in rules(sweep).values()}
    for path in sorted(paths):
        sweep.compare("GET", path, stolen)
    for body in bodies(sweep):
        sweep.compare("POST", CALLBACKS, stolen, json=body)


def test_in_a_real_browser_signing_out_leaves_nothing_in_its_storage_and_no_fault(
    browser: Any, demo_folder: Path, folders: Folders
) -> None:
    local = Settings(hosts=LOOPBACK, is_loopback=True)
    server = serve(demo_folder, folders.address, local)
    context = browser.new_context()
    page, faults, asked = context.new_page(), [], []
    page.on("console", lambda line: faults.append(line.text) if line.type in ("error", "warning") else None)
    page.on("request", lambda request: asked.append(request.url))
    with served(server.server) as base:
        page.goto(f"{base}/sign-in")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.locator("#first-paint").wait_for(state="detached")
        (cookie,) = context.cookies()
        assert (cookie["name"], cookie["httpOnly"], cookie["sameSite"]) == ("pdp", True, "Strict")
        assert page.evaluate("document.cookie") == ""
        page.get_by_role("link", name="Sign out").click()
        page.get_by_role("button", name="Sign out").click()
        page.get_by_role("link", name="Sign in").wait_for()
        kept = page.evaluate("[JSON.stringify(localStorage), JSON.stringify(sessionStorage), document.cookie]")
        assert not [text for text in kept if SONG in text or CANARY in text]
        assert context.cookies() == []
        page.go_back()
        page.go_back()
        assert page.get_by_role("link", name="Sign in").or_(page.get_by_label("Password")).first.is_visible()
        assert SONG not in page.content()
    assert faults == []
    assert [url for url in asked if not url.startswith((base, "data:", "blob:"))] == []
    context.close()
    server.gateway.sessions.end_all()
