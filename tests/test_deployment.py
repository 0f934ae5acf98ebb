"""Container, workflows and Fly: their shape, the entry point's promises, and the page that they serve."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
import tomllib
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from dash_app.app import create_app
from dash_app.gateway_folder import DemoGateway
from pdp import config
from pdp.cli.state_commands import state
from pdp.state.push import Pushed
from tests.dash_app.synthetic import ACCOUNT

ROOT = Path(__file__).parents[1]
WORKFLOWS = {path.stem: yaml.safe_load(path.read_text()) for path in (ROOT / ".github/workflows").glob("*.yml")}
DOCUMENT = "1a2b3c4d5e6f7g8h9i0j1a2b3c4d5e6f7g8h9i0j"  # shaped like Google's
# A program of a given name that writes down how it was called, and ends as told in <name>.code (one line a call).
RECORDER = """#!/usr/bin/env bash
name=$(basename "$0")
echo "$name $*" >>calls
[[ ! -f $name-$1-$2.says ]] || cat "$name-$1-$2.says"
if [[ -f $name.waits ]]; then
    trap 'sleep 0.3; echo ended >>calls; exit 0' TERM
    touch waiting
    while :; do sleep 0.05; done
fi
for told in "$name-$1-$2.code" "$name.code"; do
    if [[ -f $told ]]; then exit "$(cat "$told")"; fi
done
"""


class Container:
    """entrypoint.sh in a folder of its own, with recorders in the place of the programs that it calls."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.bin = folder / "bin"
        self.bin.mkdir()
        shutil.copy(ROOT / "entrypoint.sh", folder)
        for name in ("snakemake", "pdp", "gunicorn"):
            (self.bin / name).write_text(RECORDER)
            (self.bin / name).chmod(0o755)
        self.tell("pdp-state-push.says", '{"seq": 3, "brought_raw": 0}')

    def environment(self, **more: str) -> dict[str, str]:
        kept = {"PATH": f"{self.bin}:{os.environ['PATH']}", "HOME": str(self.folder)}
        return kept | more

    def run(self, *arguments: str, text: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
        command = [str(self.folder / "entrypoint.sh"), *arguments]
        return subprocess.run(
            command, env=self.environment(**environment), input=text, capture_output=True, text=True, timeout=30
        )

    @property
    def calls(self) -> list[str]:
        path = self.folder / "calls"
        return path.read_text().splitlines() if path.exists() else []

    def tell(self, file: str, text: str = "") -> None:
        (self.folder / file).write_text(text)


@pytest.fixture
def container(tmp_path: Path) -> Container:
    return Container(tmp_path)


STATE = {"PDP_STATE": "folder:/state/mine"}


def test_without_a_state_the_entry_point_only_runs_and_says_so(container: Container) -> None:
    done = container.run()
    assert done.returncode == 0
    assert container.calls == ["snakemake --cores 2"]
    assert "PDP_STATE is not set: this run keeps its results in this machine alone." in done.stderr


def test_with_a_state_it_pulls_runs_and_pushes_in_this_order(container: Container) -> None:
    done = container.run("run", "--sdm", "conda", PDP_CORES="4", **STATE)
    assert done.returncode == 0
    assert container.calls == ["pdp state pull", "snakemake --cores 4 --sdm conda", "pdp state push --json"]
    assert "the state is at commit 3." in done.stderr


def test_a_failed_run_is_pushed_and_keeps_its_exit_code(container: Container) -> None:
    container.tell("snakemake.code", "7")
    done = container.run("run", **STATE)
    assert done.returncode == 7
    assert container.calls[-1] == "pdp state push --json"
    assert "the run failed with exit code 7" in done.stderr


def test_a_failed_push_makes_a_good_run_fail(container: Container) -> None:
    container.tell("pdp-state-push.code", "2")
    done = container.run("run", **STATE)
    assert done.returncode == 2
    assert "the push failed with exit code 2; what this machine has is not in the state" in done.stderr


def test_a_failed_pull_runs_nothing(container: Container) -> None:
    container.tell("pdp-state-pull.code", "2")
    assert container.run("run", **STATE).returncode == 2
    assert container.calls == ["pdp state pull"]


def test_exports_of_another_machine_are_computed_in_further_rounds_but_three_at_most(container: Container) -> None:
    container.tell("pdp-state-push.says", '{\n "seq": 4,\n "brought_raw": 2\n}\n')
    done = container.run("run", **STATE)
    assert done.returncode == 0
    assert container.calls == ["pdp state pull", "snakemake --cores 2", "pdp state push --json"] * 3
    assert "other machines had pushed 2 raw exports that the tables do not know yet: once more." in done.stderr
    assert "other machines pushed in each of 3 rounds" in done.stderr


def test_what_the_entry_point_asks_of_a_push_is_what_a_push_tells() -> None:
    asked = set(re.findall(r'pushed\["(\w+)"\]', (ROOT / "entrypoint.sh").read_text()))
    assert asked == {"seq", "brought_raw"} & {field.name for field in dataclasses.fields(Pushed)}


def test_a_config_text_goes_to_a_file_that_only_the_owner_reads(container: Container) -> None:
    data = container.folder / "data"
    assert container.run("run", PDP_CONFIG="subjects:\n  me: {}", PDP_DATA=str(data)).returncode == 0
    assert container.calls == [f"snakemake --cores 2 --configfile {data}/config.yaml"]
    assert (data / "config.yaml").read_text() == "subjects:\n  me: {}\n"
    assert stat.S_IMODE((data / "config.yaml").stat().st_mode) == 0o600


def test_a_config_path_is_handed_on_and_a_wrong_one_is_told(container: Container) -> None:
    container.tell("me.yaml")
    assert container.run("run", PDP_CONFIG="me.yaml").returncode == 0
    assert container.calls == ["snakemake --cores 2 --configfile me.yaml"]
    done = container.run("run", PDP_CONFIG="config/mine.yaml")
    assert done.returncode == 2
    assert (
        "PDP_CONFIG: there is no file config/mine.yaml. Give the path of a config file, or its YAML text."
        in done.stderr
    )
    assert len(container.calls) == 1


def test_sigterm_ends_the_run_waits_for_it_and_pushes_nothing(container: Container) -> None:
    container.tell("snakemake.waits")
    command = [str(container.folder / "entrypoint.sh"), "run"]
    environment = container.environment(**STATE)
    process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        deadline = time.monotonic() + 20
        while not (container.folder / "waiting").exists():
            assert time.monotonic() < deadline, "the run never began"
            time.sleep(0.01)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 143
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    assert container.calls == ["pdp state pull", "snakemake --cores 2", "ended"]


def test_a_password_can_be_typed_into_a_command_of_the_state(container: Container) -> None:
    (container.bin / "pdp").write_text('#!/bin/sh\nread -r line; echo "$* got ${#line} characters"\n')
    done = container.run("state", "init", "folder:/state/mine", text="fourteen chars\n")
    assert (done.returncode, done.stdout) == (0, "state init folder:/state/mine got 14 characters\n")


def test_on_github_nothing_of_the_owners_naming_is_printed(container: Container) -> None:
    (container.bin / "snakemake").write_text('#!/bin/sh\necho "discreet: $PDP_DISCREET"\n')
    assert "discreet: 1\n" in container.run("run", GITHUB_ACTIONS="true").stdout
    assert "discreet: \n" in container.run("run").stdout


def test_a_volume_that_cant_be_written_is_told_with_its_cure(container: Container) -> None:
    container.tell("volume")  # a file where the folder should be: nobody can write below it
    done = container.run("run", PDP_DATA=str(container.folder / "volume"))
    assert done.returncode == 2
    assert (
        f"volume can't be written by user {os.getuid()}. Mount a volume that this user may write there" in done.stderr
    )
    assert container.calls == []


def test_the_dashboard_is_one_process_with_threads(container: Container) -> None:
    assert container.run("serve", PORT="8060").returncode == 0
    [call] = container.calls
    assert "--bind 0.0.0.0:8060 --workers 1 --threads 8" in call
    done = container.run("serve", WEB_CONCURRENCY="2")
    assert done.returncode == 2
    assert "WEB_CONCURRENCY is 2, but sign-ins live in the memory of one process: unset it." in done.stderr


def test_an_unknown_command_is_told_with_the_known_ones(container: Container) -> None:
    done = container.run("start")
    assert done.returncode == 2
    assert '"start" is no command of this container. Known: run, serve, state, google, health.' in done.stderr


def test_the_dashboard_answers_its_health_check_without_data_or_secrets(tmp_path: Path) -> None:
    shutil.copy(ROOT / "entrypoint.sh", tmp_path)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    bare = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "PORT": str(port), "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen([str(tmp_path / "entrypoint.sh"), "serve"], env=bare, stderr=subprocess.PIPE, text=True)
    try:
        answers = [_answer(f"http://127.0.0.1:{port}/healthz", process) for _ in range(5)]
        assert {text for _, text in answers} == {b"ok\n"}
        assert min(took for took, _ in answers) < 1  # seconds; the first ones compete with the start
        _, page = _answer(f"http://127.0.0.1:{port}/", process)
        assert b"the demo is not built yet. Run `make run` first." in page
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)
    assert process.returncode == 0


def _answer(url: str, process: subprocess.Popen[str]) -> tuple[float, bytes]:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None:
        begun = time.monotonic()
        try:
            with urllib.request.urlopen(url, timeout=5) as response:
                return time.monotonic() - begun, response.read()
        except OSError:
            time.sleep(0.05)
    raise AssertionError("the dashboard did not start")


# The workflows


def _steps(workflow: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for job in workflow["jobs"].values():
        yield from job["steps"]


@pytest.mark.parametrize("name", sorted(WORKFLOWS))
def test_a_workflow_has_no_right_but_to_read_the_repository_and_ends_in_time(name: str) -> None:
    workflow = WORKFLOWS[name]
    assert workflow["permissions"] == {}
    assert "pull_request_target" not in workflow[True]  # YAML reads the key `on` as true
    for job in workflow["jobs"].values():
        assert job["permissions"] == {"contents": "read"}
        assert job["timeout-minutes"] <= 60
    for step in _steps(workflow):
        if step.get("uses", "").startswith("actions/checkout"):
            assert step["with"]["persist-credentials"] is False


@pytest.mark.parametrize("name", sorted(WORKFLOWS))
def test_a_secret_is_given_to_one_step_and_only_behind_an_environment(name: str) -> None:
    workflow = WORKFLOWS[name]
    anywhere = json.dumps(workflow, default=str).count("secrets.")
    in_steps = sum(str(value).count("secrets.") for step in _steps(workflow) for value in step.get("env", {}).values())
    assert anywhere == in_steps
    for job in workflow["jobs"].values():
        assert "environment" in job or "secrets." not in json.dumps(job, default=str)


def test_tests_of_a_pull_request_know_no_secret() -> None:
    assert "pull_request" in WORKFLOWS["test"][True]
    assert "secrets." not in (ROOT / ".github/workflows/test.yml").read_text()
    assert all("pull_request" not in WORKFLOWS[name][True] for name in ("run", "deploy"))


def test_the_scheduled_run_leaves_nothing_behind_that_others_can_download() -> None:
    run = WORKFLOWS["run"]
    actions = {step["uses"].split("@")[0] for step in _steps(run) if "uses" in step}
    assert actions == {"actions/checkout", "conda-incubator/setup-miniconda"}
    assert run["concurrency"] == {"group": "pdp-state", "cancel-in-progress": False}
    assert run["jobs"]["run"]["if"] == "${{ !github.event.repository.fork }}"


def test_no_action_is_without_a_version() -> None:
    moving = {
        step["uses"]
        for workflow in WORKFLOWS.values()
        for step in _steps(workflow)
        if "uses" in step and not re.search(r"@(v\d+|[0-9a-f]{40})$", step["uses"])
    }
    assert moving == {"superfly/flyctl-actions/setup-flyctl@master"}  # its owners tag no major version


# Fly, the image, the environment


def test_fly_runs_one_machine_that_serves_and_is_asked_for_its_health() -> None:
    fly = tomllib.loads((ROOT / "fly.toml").read_text())
    service = fly["http_service"]
    assert fly["processes"] == {"app": "serve"}
    assert (fly["kill_signal"], fly["kill_timeout"]) == ("SIGTERM", "30s")
    assert service["force_https"] is True
    assert str(service["internal_port"]) == fly["env"]["PORT"]
    assert (service["auto_stop_machines"], service["auto_start_machines"]) == ("stop", True)
    assert [check["path"] for check in service["checks"]] == ["/healthz"]
    assert fly["mounts"]["destination"] == "/data"
    assert fly["env"]["PDP_STATE_CACHE"].startswith("/data/")
    assert not {name for name in fly["env"] if re.search("PASSWORD|KEY|CREDENTIALS|STATE$", name)}
    assert "--ha=false" in (ROOT / ".github/workflows/deploy.yml").read_text()


def test_the_image_is_an_allow_list_run_by_a_user_without_rights() -> None:
    ignored = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and not line.startswith("#")]
    assert ignored[0] == "*"
    allowed = {line[1:] for line in ignored if line.startswith("!")}
    assert allowed & {"tests", "config", "results", "resources", "credentials", ".env", ".git"} == set()
    assert {path for path in allowed if not (ROOT / path).exists()} == set()
    text = (ROOT / "Dockerfile").read_text()
    assert "USER 10001:10001" in text
    assert "--require-hashes -r requirements.lock" in text


def test_the_example_of_the_environment_names_every_variable_that_the_project_reads() -> None:
    example = (ROOT / ".env.example").read_text()
    told = set(re.findall(r"^([A-Z_]+)=$", example, flags=re.MULTILINE))
    sources = [ROOT / "entrypoint.sh", *(ROOT / "src/pdp").rglob("*.py"), *(ROOT / "dash_app").rglob("*.py")]
    read = {name for path in sources for name in re.findall(r"\bPDP_[A-Z][A-Z_]*[A-Z]\b", path.read_text())}
    ours = {"PDP_DATA", "PDP_RUN_ID"}  # the image's, in the Dockerfile; a run's, for its jobs
    assert {name for name in told if name.startswith("PDP_")} == read - ours


def _yaml_blocks(page: str) -> list[str]:
    blocks = re.findall(r"^( *)```yaml\n(.*?)^ *```$", (ROOT / page).read_text(), flags=re.MULTILINE | re.DOTALL)
    return [re.sub(f"^{indent}", "", text, flags=re.MULTILINE) for indent, text in blocks]


def test_the_examples_of_the_pages_about_google_are_configurations(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, google = _yaml_blocks("README.md")
    [clicks] = _yaml_blocks("docs/google.md")
    folders, sources, shown = (yaml.safe_load(text) for text in (whole, google, clicks))
    folders["subjects"]["me"]["sources"] |= sources
    reference = yaml.safe_load(next(text for text in _yaml_blocks("config/README.md") if "google_sheets" in text))
    folders["subjects"]["me"]["sources"] |= reference
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MI_BAND_2025", "x")
    for example in (folders, shown):
        # An address to fill in stands in the place of one that could be used.
        text = yaml.safe_dump(example).replace("<its address>", DOCUMENT).replace("/...", f"/{DOCUMENT}")
        loaded = config.load(yaml.safe_load(text), {}, [], ROOT / "workflow/schemas/config.schema.yaml")
        assert {source.transport for source in loaded.subjects["me"].sources.values()} >= {
            "google_sheets",
            "google_drive",
        }


def test_the_page_about_state_names_every_command_of_it_and_no_other() -> None:
    told = set(re.findall(r"`(?:PDP_STATE=<address> )?pdp state ([a-z-]+)", (ROOT / "docs/own-data.md").read_text()))
    assert told == set(state.commands)


def test_the_pages_link_to_what_is_there() -> None:
    for page in ("README.md", "docs/own-data.md", "docs/google.md", "config/README.md"):
        text = (ROOT / page).read_text()
        for target, anchor in re.findall(r"\]\((?!http)([^)#]*)(?:#([^)]*))?\)", text):
            file = (ROOT / page).parent / target if target else ROOT / page
            assert file.exists(), f"{page}: {target}"
            titles = re.findall(r"^#+ (.*)$", file.read_text(), flags=re.MULTILINE) if anchor else []
            slugs = {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}
            assert not anchor or anchor in slugs, f"{page}: {target}#{anchor}"


# The page


@pytest.fixture
def demo(tmp_path: Path) -> Path:
    summary = tmp_path / "results/summary/demo"
    summary.mkdir(parents=True)
    (summary / "conservation.json").write_text(ACCOUNT)
    days = {
        "date": pa.array([20000, 20001, 20002], pa.date32()),
        "bp_n": [2, 0, 1],
        "bp_systolic_mean_mmhg": [121.5, None, 133.0],
        "bp_diastolic_mean_mmhg": [80.0, None, 84.0],
        "rhr_sleep_p05_bpm": [None, 55.0, 54.0],
        "sleep_total_min": [420.0, None, 450.0],
    }
    pq.write_table(pa.table(days), summary / "daily.parquet")
    return tmp_path


@pytest.mark.parametrize(
    "path", ["/", "/healthz", "/_dash-layout", "/_dash-dependencies", "/nothing", "/assets/page.css"]
)
def test_every_answer_forbids_other_origins_frames_and_guessing(demo: Path, path: str) -> None:
    answer = create_app(DemoGateway(demo)).server.test_client().get(path)
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    scripts = policy.split("script-src ")[1].split(";")[0]
    assert "unsafe" not in scripts
    assert "http" not in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store" or path.startswith("/assets")


def test_the_page_asks_nothing_of_other_origins(demo: Path) -> None:
    page = create_app(DemoGateway(demo)).server.test_client().get("/").get_data(as_text=True)
    assert re.findall(r"""(?:src|href)=["'](?:https?:)?//[^"']+""", page) == []
