"""Events of the registry: valid, taken by OpenLineage's own client, without values, and never a run's misfortune."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from openlineage.client.transport.file import FileConfig, FileTransport

from pdp import run
from pdp.cli import main
from pdp.config import Config, OpenLineage, load
from pdp.errors import ConfigError
from pdp.interchange import names, openlineage, openlineage_send
from pdp.lineage import database, record
from tests.lineage_canary import CANARIES, DOCUMENT, EXPORT, NAMES, SUBJECT, VALUE, failed_run, of_runs
from tests.openlineage_schema import validator
from tests.workplace import Workplace, measured

VALID = validator()


@pytest.fixture
def place(tmp_path: Path) -> Workplace:
    """A registry full of names."""
    return of_runs(tmp_path)


def printed(place: Workplace, *options: str) -> str:
    result = CliRunner().invoke(main, ["openlineage", *options, "--results", str(place.root)])
    assert result.exit_code == 0, result.output
    return result.stdout


def told(place: Workplace, *options: str) -> list[dict[str, Any]]:
    """Events, each held against the schema."""
    events = [json.loads(line) for line in printed(place, *options).splitlines()]
    for event in events:
        VALID.validate(event)
    return events


def test_every_job_of_a_run_starts_and_ends_inside_the_run(place: Workplace) -> None:
    events = told(place, "--run", "r1")
    shown = [(event["eventType"], event["job"]["name"]) for event in events]
    rules = ("ingest", "normalize", "validate", "merge", "summarize")
    inner = [(state, rule) for rule in rules for state in ("START", "COMPLETE")]
    assert shown == [("START", "workflow"), *inner, ("COMPLETE", "workflow")]
    parents = {event["run"]["facets"]["parent"]["run"]["runId"] for event in events[1:-1]}
    assert parents == {events[0]["run"]["runId"]} == {events[-1]["run"]["runId"]}


def test_what_one_job_wrote_is_what_the_next_one_read(place: Workplace) -> None:
    ends = {e["job"]["name"]: e for e in told(place, "--run", "r1") if e["eventType"] == "COMPLETE"}
    (written,), (read,) = ends["merge"]["outputs"], ends["summarize"]["inputs"][:1]
    assert (written["namespace"], written["name"]) == (read["namespace"], read["name"])
    assert written["facets"]["version"]["datasetVersion"] == read["facets"]["version"]["datasetVersion"]
    assert written["outputFacets"]["outputStatistics"]["rowCount"] == 3
    assert {"name": "systolic_mmhg", "type": "double"}.items() <= next(
        field for field in written["facets"]["schema"]["fields"] if field["name"] == "systolic_mmhg"
    ).items()
    assert ends["merge"]["job"]["facets"]["pdp_code"]["modules"] == {"pdp.merge": "1111"}


def test_a_table_without_a_contract_tells_its_columns_while_it_stands_as_recorded(tmp_path: Path) -> None:
    place = Workplace(tmp_path)
    measured(place)
    record.fold(place.root)
    daily = "results/summary/me/daily.parquet"

    def columns() -> list[str]:
        outputs = [one for event in told(place, "--all") for one in event["outputs"] if one["name"] == daily]
        return [field["name"] for field in outputs[0]["facets"].get("schema", {"fields": []})["fields"]]

    assert "bp_systolic_mean_mmhg" in columns()
    (tmp_path / daily).write_bytes(b"something else")
    assert columns() == []


def test_telling_twice_tells_of_the_same_runs(place: Workplace) -> None:
    assert printed(place, "--all") == printed(place, "--all")
    runs = {event["run"]["runId"] for event in told(place, "--all")}
    assert len(runs) == 2 + 6


def test_a_registry_made_anew_tells_the_same(place: Workplace) -> None:
    before = printed(place, "--all", "--discreet")
    record.rebuild(place.root)
    assert printed(place, "--all", "--discreet") == before


def test_no_event_holds_a_value_or_a_setting(place: Workplace) -> None:
    text = printed(place, "--all")
    assert SUBJECT in text
    assert [canary for canary in (VALUE, "Ford", "Antarctica", "1952", "secretmark", "here") if canary in text] == []


def test_discreet_events_hold_no_name_and_still_hang_together(place: Workplace) -> None:
    failed_run(place, "ConfigError", f"subjects.{SUBJECT}: {DOCUMENT}")
    events = told(place, "--all", "--discreet")
    assert [canary for canary in CANARIES if canary in json.dumps(events)] == []
    assert any(EXPORT in event["outputs"][0]["name"] for event in events if event["outputs"])
    plain = told(place, "--all")
    for kind in ("inputs", "outputs"):
        pairs = {
            (a["name"], b["name"])
            for x, y in zip(plain, events, strict=True)
            for a, b in zip(x[kind], y[kind], strict=True)
        }
        assert len(pairs) == len({a for a, _ in pairs}) == len({b for _, b in pairs})


def test_hashes_of_two_registries_have_nothing_in_common(place: Workplace, tmp_path: Path) -> None:
    other = of_runs(tmp_path / "other")
    for receipt in sorted(other.spool.glob("0*.json")):
        receipt.write_text(receipt.read_text().replace('"id": "0', '"id": "f'))
    datasets = [
        {one["name"] for event in told(each, "--all", "--discreet") for one in event["outputs"]}
        for each in (place, other)
    ]
    assert datasets[0].isdisjoint(datasets[1])


def test_a_failed_job_says_our_own_sentence_and_of_others_the_kind_alone(place: Workplace) -> None:
    failed_run(place, "ConfigError", "sources.cuff: column is missing.")
    own = [event for event in told(place, "--run", "bad") if event["eventType"] == "FAIL"]
    assert own[0]["run"]["facets"]["errorMessage"]["message"] == "ConfigError: sources.cuff: column is missing."
    assert own[-1]["run"]["facets"]["errorMessage"]["message"] == "RuleException"
    other = of_runs(place.folder / "other")
    failed_run(other, "ValueError", f"could not convert {VALUE}")
    text = printed(other, "--run", "bad")
    assert '"ValueError"' in text
    assert VALUE not in text


def test_a_killed_job_without_receipt_is_aborted(place: Workplace) -> None:
    failed_run(place, "ConfigError", "")
    states = [(e["eventType"], e["job"]["name"]) for e in told(place, "--run", "bad")]
    assert states == [
        ("START", "workflow"),
        *(("START", "normalize"), ("FAIL", "normalize")),
        *(("START", "validate"), ("ABORT", "validate")),
        ("FAIL", "workflow"),
    ]


def test_a_killed_run_is_aborted_and_a_job_outside_any_run_has_no_parent(tmp_path: Path) -> None:
    place = Workplace(tmp_path)
    place.run("killed", status=None)
    place.job("merge", [], [place.file("results/merged/me/heart_rate.parquet", "x")])
    events = told(place, "--all")
    assert [event["eventType"] for event in events] == ["START", "ABORT", "START", "COMPLETE"]
    assert "parent" not in events[-1]["run"].get("facets", {})


def test_runs_are_chosen_by_id_by_day_or_the_last(place: Workplace) -> None:
    ids = [{event["run"]["runId"] for event in told(place, *options)} for options in ((), ("--run", "r2"))]
    assert ids[0] == ids[1]
    assert told(place, "--since", "2026-11-24") == []
    assert len(told(place, "--since", "2026-11-23")) == len(told(place, "--all"))
    result = CliRunner().invoke(main, ["openlineage", "--run", "r9", "--results", str(place.root)])
    assert (result.exit_code, "no run" in result.output, "r2" in result.output) == (2, True, True)


def test_the_clients_file_transport_takes_every_event(place: Workplace, tmp_path: Path) -> None:
    log = tmp_path / "events.jsonl"
    transport = FileTransport(FileConfig(str(log), append=True))
    record.fold(place.root)
    with database.reading(place.root) as session:
        teller = openlineage.Teller(place.root, names.of_registry(session, is_discreet=False))
        for event in teller.events(session, ["r1", "r2"]):
            transport.emit(event)
    assert [json.loads(line) for line in log.read_text().splitlines()] == told(place, "--all")


def test_many_runs_are_told_in_the_memory_of_a_few(tmp_path: Path) -> None:
    place = of_runs(tmp_path, runs=60)
    record.fold(place.root)

    def peak(last: int) -> int:
        with database.reading(place.root) as session:
            teller = openlineage.Teller(place.root, names.of_registry(session, is_discreet=True))
            runs = [f"r{number}" for number in range(1, last + 1)]
            tracemalloc.start()
            for event in teller.events(session, runs):
                openlineage.line(event)
            found = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
        return found

    peak(5)  # what is loaded once
    assert peak(60) < peak(6) + 300_000  # the names and columns that are kept at hand, and no more


# --- sent


class _Receiver(BaseHTTPRequestHandler):
    """Takes events as a server of OpenLineage does, or misbehaves as the server says."""

    server: _Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append((self.path, self.headers.get("Authorization"), json.loads(body)))
        if self.server.hang is not None:
            self.server.hang.wait(30)
        self.send_response(self.server.status)
        if self.server.leads_to:
            self.send_header("Location", self.server.leads_to)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_GET(self) -> None:
        self.server.got.append((self.path, self.headers.get("Authorization"), {"method": "GET"}))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *arguments: Any) -> None:
        """Quiet."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    status = 201
    leads_to = ""
    hang: threading.Event | None = None

    def __init__(self) -> None:
        self.got: list[tuple[str, str | None, dict[str, Any]]] = []
        super().__init__(("127.0.0.1", 0), _Receiver)


@contextmanager
def receiver(monkeypatch: pytest.MonkeyPatch, **how: Any) -> Iterator[_Server]:
    server = _Server()
    vars(server).update(how)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    monkeypatch.setenv("OPENLINEAGE_URL", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    try:
        yield server
    finally:
        if server.hang is not None:
            server.hang.set()
        server.shutdown()
        server.server_close()


def test_a_server_gets_every_event_of_the_run_valid_and_without_names(
    place: Workplace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    record.fold(place.root)
    monkeypatch.setenv("OPENLINEAGE_API_KEY", "key-1")
    monkeypatch.setenv("OPENLINEAGE_NAMESPACE", "study")
    with receiver(monkeypatch) as server:
        openlineage_send.after_run(place.root, "r1")
    assert capsys.readouterr().err == ""
    assert {(path, key) for path, key, _ in server.got} == {("/api/v1/lineage", "Bearer key-1")}
    events = [event for _, _, event in server.got]
    for event in events:
        VALID.validate(event)
    assert events == told(place, "--run", "r1", "--discreet", "--namespace", "study")
    assert [name for name in NAMES if name in json.dumps(events)] == []


def test_events_can_be_sent_later_by_hand(place: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    with receiver(monkeypatch) as server:
        sent = printed(place, "--all", "--send")
        assert sent == "16 events sent to the server that OPENLINEAGE_URL names.\n"
        assert len(server.got) == 16
    with receiver(monkeypatch, status=500):
        result = CliRunner().invoke(main, ["openlineage", "--send", "--results", str(place.root)])
        assert (result.exit_code, result.output) == (1, "Error: 0 events sent, then: the server answered 500.\n")


@pytest.mark.parametrize(
    ("how", "fault"),
    [
        ({"status": 500}, "the server answered 500"),
        ({"status": 401}, "the server answered 401"),
        ({"hang": True}, "the server is too slow"),
    ],
)
def test_a_server_that_fails_or_hangs_costs_one_line(
    place: Workplace,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    how: dict[str, Any],
    fault: str,
) -> None:
    record.fold(place.root)
    monkeypatch.setattr(openlineage_send, "PATIENCE_S", 1.0)
    monkeypatch.setenv("OPENLINEAGE_API_KEY", "key-1")
    with receiver(monkeypatch, **({"hang": threading.Event()} if "hang" in how else how)):
        openlineage_send.after_run(place.root, "r1")
    (line,) = capsys.readouterr().err.splitlines()
    assert line == (
        f"pdp: the run is not affected, but OpenLineage has 0 of its events: {fault}. "
        "pdp openlineage --run r1 --discreet --send sends them later."
    )


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_no_arrival_and_nothing_goes_where_it_leads(
    place: Workplace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], status: int
) -> None:
    record.fold(place.root)
    with receiver(monkeypatch) as other:
        address = f"http://localhost:{other.server_port}/elsewhere"
        with receiver(monkeypatch, status=status, leads_to=address) as server:
            openlineage_send.after_run(place.root, "r1")
        assert (len(server.got), other.got) == (1, [])
    (line,) = capsys.readouterr().err.splitlines()
    assert f"has 0 of its events: the server answered {status}, which leads elsewhere" in line


def test_a_server_without_tls_is_told_as_such_and_a_server_that_is_busy_is_asked_four_times(
    place: Workplace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    record.fold(place.root)
    with receiver(monkeypatch) as server:
        monkeypatch.setenv("OPENLINEAGE_URL", f"https://127.0.0.1:{server.server_port}")
        openlineage_send.after_run(place.root, "r1")
        assert server.got == []
    assert "SSLError on sending" in capsys.readouterr().err
    with receiver(monkeypatch, status=503) as server:
        result = CliRunner().invoke(main, ["openlineage", "--send", "--results", str(place.root)])
        assert (result.exit_code, result.output) == (1, "Error: 0 events sent, then: RetryError on sending.\n")
        assert len(server.got) == 4


def test_no_server_no_package_and_a_wrong_address_cost_one_line(
    place: Workplace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    record.fold(place.root)
    for url in (f"http://127.0.0.1:{_free_port()}", "http://user:hunter2@", "nonsense"):
        monkeypatch.setenv("OPENLINEAGE_URL", url)
        openlineage_send.after_run(place.root, "r1")
        (line,) = capsys.readouterr().err.splitlines()
        assert "has 0 of its events" in line
        assert "hunter2" not in line
    for module in [name for name in sys.modules if name.startswith(("openlineage", "pdp.interchange.openlineage"))]:
        if module != openlineage_send.__name__:
            monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, "openlineage", None)
    openlineage_send.after_run(place.root, "r1")
    (line,) = capsys.readouterr().err.splitlines()
    assert "is not installed" in line


def test_nothing_is_sent_unless_the_environment_names_a_server(
    place: Workplace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("OPENLINEAGE_URL", raising=False)
    openlineage_send.after_run(place.root, "r1")
    with receiver(monkeypatch) as server:
        monkeypatch.setenv("OPENLINEAGE_DISABLED", "true")
        openlineage_send.after_run(place.root, "r1")
    assert (server.got, capsys.readouterr().err) == ([], "")


def test_a_server_that_the_configuration_names_is_used_unless_the_environment_names_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    named = OpenLineage(url="http://catalogue:5000", namespace="study", api_key_from="CATALOGUE_KEY")
    monkeypatch.setenv("CATALOGUE_KEY", "key-7")
    for url, known in (("", ("http://catalogue:5000", "study", "key-7")), ("http://other", ("http://other", "", ""))):
        environment = {"CATALOGUE_KEY": "key-7", **({"OPENLINEAGE_URL": url} if url else {})}
        with monkeypatch.context() as patched:
            patched.setattr(os, "environ", environment)
            run.name_lineage_server(Config(subjects={}, openlineage=named))
        told = ("OPENLINEAGE_URL", "OPENLINEAGE_NAMESPACE", "OPENLINEAGE_API_KEY")
        assert tuple(environment.get(name, "") for name in told) == known
    nothing: dict[str, str] = {}
    with monkeypatch.context() as patched:
        patched.setattr(os, "environ", nothing)
        run.name_lineage_server(Config(subjects={}))
    assert nothing == {}


def test_by_hand_the_server_of_the_configuration_is_used_unless_the_environment_names_one(
    place: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    (place.folder / "workflow").symlink_to(Path(__file__).parents[1] / "workflow")
    sources = {"cuff": {"transport": "folder", "location": {"path": "in"}, "format": "bp_log"}}
    config: dict[str, Any] = {"subjects": {"me": {"time_zone": "Europe/Berlin", "sources": sources}}}
    mine = place.folder / "me.yaml"

    def send(environment: dict[str, str], **told: str) -> Any:
        mine.write_text(json.dumps({**config, "openlineage": told}))
        kept = {name: value for name, value in os.environ.items() if not name.startswith("OPENLINEAGE")}
        arguments = ["openlineage", "--all", "--send", "--configfile", str(mine), "--results", str(place.root)]
        with monkeypatch.context() as patched:
            patched.setattr(os, "environ", kept | environment)
            return CliRunner().invoke(main, arguments)

    with receiver(monkeypatch) as configured, receiver(monkeypatch) as other:
        url = f"http://127.0.0.1:{configured.server_port}"
        named = {"url": url, "namespace": "study", "api_key_from": "CATALOGUE_KEY"}
        without = send({}, **named)
        assert (without.exit_code, "CATALOGUE_KEY is not set" in without.output) == (2, True)
        done = send({"CATALOGUE_KEY": "key-7"}, **named)
        assert done.output == f"16 events sent to the server that openlineage.url in {mine} names.\n"
        assert {(key, event["job"]["namespace"]) for _, key, event in configured.got} == {("Bearer key-7", "study")}
        done = send({"OPENLINEAGE_URL": f"http://127.0.0.1:{other.server_port}"}, **named)
        assert done.output == "16 events sent to the server that OPENLINEAGE_URL names.\n"
        assert (len(configured.got), len(other.got)) == (16, 16)
    nobody = send({})
    assert (nobody.exit_code, "no server is named: set OPENLINEAGE_URL, or openlineage.url" in nobody.output) == (
        2,
        True,
    )
    off = send({"OPENLINEAGE_URL": url, "OPENLINEAGE_DISABLED": "true"})
    assert (off.exit_code, "OPENLINEAGE_DISABLED is set" in off.output) == (2, True)


def test_a_key_whose_variable_is_not_set_is_said_before_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CATALOGUE_KEY", raising=False)
    sources = {"cuff": {"transport": "folder", "location": {"path": "in"}, "format": "bp_log"}}
    told = {
        "subjects": {"me": {"time_zone": "Europe/Berlin", "sources": sources}},
        "openlineage": {"url": "http://catalogue:5000", "api_key_from": "CATALOGUE_KEY"},
    }
    with pytest.raises(
        ConfigError, match=r"openlineage\.api_key_from: the environment variable CATALOGUE_KEY is not set"
    ):
        load(told, {}, [], Path(__file__).parents[1] / "workflow/schemas/config.schema.yaml")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


SNAKEFILE = """
import sys
from pdp.lineage import events

SESSION = events.attach(workflow, subjects={"zaphodsubject": ["band"]})

onsuccess:
    SESSION.finish("COMPLETE")
    print("loaded", sorted({name.split(".")[0] for name in sys.modules} & {"openlineage", "prov", "rocrate"}))

rule copy:
    output: "results/a.txt"
    shell: "echo 1 > {output}"
"""


@pytest.mark.workflow
def test_a_real_run_sends_its_events_stays_green_when_they_are_refused_and_loads_nothing_unasked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "Snakefile").write_text(SNAKEFILE)
    command = [sys.executable, "-m", "snakemake", "--cores", "1", "--nolock", "--quiet", "all", "--forceall"]

    def run(**more: str) -> subprocess.CompletedProcess[str]:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("OPENLINEAGE")} | more
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return done

    assert "loaded []" in run().stdout
    with receiver(monkeypatch, status=500) as server:
        done = run(OPENLINEAGE_URL=os.environ["OPENLINEAGE_URL"])
    ((_, _, event),) = server.got
    assert (event["eventType"], event["job"]["name"]) == ("START", "workflow")
    (line,) = [line for line in done.stderr.splitlines() if "OpenLineage" in line]
    assert line.startswith("pdp: the run is not affected, but OpenLineage has 0 of its events: the server answered 500")
