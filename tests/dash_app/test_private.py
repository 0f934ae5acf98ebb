"""The owner's data on a server and on a laptop: where it lies while it is open, and that nothing of it stays."""

from __future__ import annotations

import http.client
import os
import re
import resource
import signal
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

import pytest
from flask import Flask

from dash_app import __main__ as laptop
from dash_app import gateway_local, gateway_process
from dash_app.gateway import NoDataError
from dash_app.gateway_session import NotNowError, WrongPasswordError
from dash_app.gateway_state import StateDoor
from pdp.errors import ConfigError
from pdp.lineage import record
from pdp.state import keyring, memory
from pdp.state.backends import open_backend
from pdp.state.push import push
from pdp.state.secret import Password
from tests.dash_app.owner import CANARY, PASSWORD, SUBJECT, little_demo, make_state, own_folder
from tests.workplace import Workplace

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return own_folder(tmp_path_factory.mktemp("own"))


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    place = tmp_path_factory.mktemp("state")
    return make_state(place / "state", own_folder(place / "work"))


def every_byte(folder: Path) -> bytes:
    """Names and contents below a folder."""
    files = sorted(folder.rglob("*"))
    return b"".join(str(path).encode() + (path.read_bytes() if path.is_file() else b"") for path in files)


# On a server


def test_what_is_unsealed_lies_where_only_its_owner_may_look_and_goes_with_the_session(address: str) -> None:
    opened = StateDoor(address).enter(PASSWORD)
    root = opened.dataset().root
    assert stat.S_IMODE(root.stat().st_mode) == 0o700
    assert root.parent == gateway_process.MEMORY or not gateway_process.MEMORY.is_dir()
    assert opened.dataset().table("daily", ["bp_systolic_mean_mmhg"])[0].to_pylist() == [186.5, 183.0]
    opened.close()
    assert not root.exists()


def test_raw_exports_and_tables_are_unsealed_only_when_they_are_asked_for(address: str) -> None:
    opened = StateDoor(address).enter(PASSWORD)
    data = opened.dataset()
    assert CANARY.encode() not in every_byte(data.root)
    assert not (data.root / "resources/raw").exists()
    assert not (data.root / "results/merged").exists()
    with data.registry() as session:
        assert session.is_active
    data.bring([f"resources/raw/{SUBJECT}/", f"results/merged/{SUBJECT}/blood_pressure"])
    assert CANARY.encode() in every_byte(data.root / "resources/raw")
    assert [path.name for path in (data.root / "results/merged/me").iterdir()] == ["blood_pressure.parquet"]
    opened.close()
    with pytest.raises(NoDataError, match="the session has ended"):
        data.bring([f"results/merged/{SUBJECT}/"])
    assert not data.root.exists()


def test_the_cache_on_the_volume_holds_ciphertext_alone(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PDP_STATE_CACHE", str(tmp_path / "cache"))
    opened = StateDoor(address).enter(PASSWORD)
    opened.dataset().bring(["resources/raw/"])
    opened.close()
    kept = every_byte(tmp_path / "cache")
    assert b"age-encryption.org/v1" in kept
    assert CANARY.encode() not in kept
    assert b"PAR1" not in kept


def test_a_failed_sign_in_leaves_no_folder(tmp_path: Path) -> None:
    place = make_state(tmp_path / "state", own_folder(tmp_path / "work"))
    for blob in (tmp_path / "state/blobs").iterdir():
        blob.write_bytes(b"nothing")
    before = left_behind()
    with pytest.raises(NotNowError):
        StateDoor(place).enter(PASSWORD)
    with pytest.raises(WrongPasswordError):
        StateDoor(place).enter("wrong")
    assert left_behind() == before


def test_a_state_that_was_rolled_back_while_the_server_lives_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = own_folder(tmp_path / "work")
    place = make_state(tmp_path / "state", work)
    Workplace(work).job("summarize", run="r1", id="f" * 32)
    record.fold(work / "results")
    backend = open_backend(place)
    push(work, backend, keyring.open_with(backend.read_keyring(), Password(PASSWORD)))
    door = StateDoor(place)
    door.enter(PASSWORD).close()
    newest = max((tmp_path / "state/commits").iterdir(), key=lambda path: path.stat().st_mtime)
    newest.rename(tmp_path / "taken")
    with pytest.raises(NotNowError):
        door.enter(PASSWORD)
    StateDoor(place).enter(PASSWORD).close()  # a server that was started since can't know
    (tmp_path / "taken").rename(newest)
    door.enter(PASSWORD).close()
    monkeypatch.setenv(memory.LEAST_SEQ, "99")
    with pytest.raises(NotNowError):
        StateDoor(place).enter(PASSWORD)


def test_of_several_people_in_a_state_the_named_one_is_shown_and_none_by_chance(tmp_path: Path) -> None:
    work = own_folder(tmp_path / "work")
    other = work / "results/summary/somebody"
    other.mkdir()
    (other / "daily.parquet").write_bytes((work / "results/summary/me/daily.parquet").read_bytes())
    place = make_state(tmp_path / "state", work)
    opened = StateDoor(place, "me").enter(PASSWORD)
    assert opened.dataset().subject == "me"
    assert not (opened.dataset().root / "results/summary/somebody").exists()
    opened.close()
    for wanted in ("", "nobody"):
        with pytest.raises(NotNowError):
            StateDoor(place, wanted).enter(PASSWORD)


def left_behind(process: int | str | None = None) -> set[Path]:
    """Private folders of a process; of this one."""
    name = f"{gateway_process.PREFIX}{process or os.getpid()}-*"
    return {path for place in gateway_process._places() for path in place.glob(name)}


def test_folders_of_killed_processes_are_removed_at_the_next_start_and_those_in_use_are_not() -> None:
    kept = gateway_process.private_folder(1)
    code = (
        "from dash_app import gateway_process as p; import os, signal\n"
        "print(p.private_folder(1).path, flush=True); os.kill(os.getpid(), signal.SIGKILL)"
    )
    killed = Path(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT).stdout.strip())
    assert killed.is_dir()
    gateway_process.sweep()
    assert not killed.exists()
    assert kept.path.is_dir()
    kept.remove()


def test_data_that_does_not_fit_into_memory_is_refused_not_spread(monkeypatch: pytest.MonkeyPatch) -> None:
    before = left_behind()
    with pytest.raises(gateway_process.NoRoomError, match="there is no room for the data"):
        gateway_process.private_folder(1 << 60)
    assert left_behind() == before


def test_the_process_leaves_no_core_dump_lets_no_program_look_into_it_and_no_other_user_into_its_files() -> None:
    code = (
        "from dash_app import serving; import ctypes, os, resource\n"
        "serving.prepare()\n"
        "assert os.umask(0) == 0o077\n"
        "print(resource.getrlimit(resource.RLIMIT_CORE), ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True).stdout
    assert told.strip() == ("(0, 0) 0" if sys.platform == "linux" else told.strip())
    assert resource.getrlimit(resource.RLIMIT_CORE) != (0, 0) or "(0, 0)" in told


# Under gunicorn, as entrypoint.sh starts it


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextmanager
def gunicorn(
    public: Path, *arguments: str, **environment: str
) -> Iterator[tuple[subprocess.Popen[str], int, list[str]]]:
    """The server in a process of its own; what it prints is collected."""
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "--no-control-socket", *arguments]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PDP_")}
    path = {"PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"}
    process = subprocess.Popen(
        [*command, "dash_app.wsgi:app"], cwd=public, env=kept | path | environment, stderr=subprocess.PIPE, text=True
    )
    lines: list[str] = []
    booted = threading.Event()

    def read() -> None:
        assert process.stderr is not None
        for line in process.stderr:
            lines.append(line)
            if "Booting worker" in line:
                booted.set()
        booted.set()

    reader = threading.Thread(target=read)
    reader.start()
    assert booted.wait(60)
    try:
        yield process, port, lines
    finally:
        process.terminate()
        process.wait(30)
        reader.join(30)


def ask(port: int, method: str, path: str, body: str = "", **headers: str) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    own = {"Host": "pdp.example.org", "X-Forwarded-Proto": "https", "Origin": "https://pdp.example.org"}
    form = {"Content-Type": "application/x-www-form-urlencoded"} if body else {}
    connection.request(method, path, body or None, own | form | headers)
    return connection.getresponse()


def sign_in(port: int) -> str:
    """Type the password; the cookie."""
    answer = ask(port, "POST", "/sign-in", urlencode({"password": PASSWORD}))
    found = re.match("__Host-pdp=[^;]+", answer.headers.get("Set-Cookie", ""))
    assert answer.status == 303
    assert found is not None
    return found[0]


ONE_WORKER = ("--workers", "1", "--threads", "4")
BEHIND = {"PDP_DASHBOARD_PROXY": "1", "PDP_DASHBOARD_HOST": "pdp.example.org"}
OWN_ROWS = "/download/blood_pressure.csv?from=2025-03-01&to=2025-03-31"


def workers(lines: list[str]) -> list[str]:
    """Process ids, by age."""
    return re.findall(r"Booting worker with pid: (\d+)", "".join(lines))


def test_as_deployed_two_browsers_see_the_owners_pages_and_files_each_until_its_own_end(tmp_path: Path) -> None:
    work = own_folder(tmp_path / "work")
    settings = BEHIND | {"PDP_STATE": make_state(tmp_path / "state", work)}
    with gunicorn(little_demo(tmp_path / "public"), *ONE_WORKER, **settings) as (_, port, lines):

        def rows(cookie: str) -> bytes:
            return ask(port, "GET", OWN_ROWS, Cookie=cookie).read()

        laptop = sign_in(port)
        assert b"2025-03-14" in rows(laptop)
        assert b"187" in rows(laptop)
        assert b"Sign out" in ask(port, "GET", "/?from=2025-03-14&to=2025-03-15", Cookie=laptop).read()
        assert b"187" not in rows("")
        Workplace(work).job("summarize", run="r2", wildcards={"subject": SUBJECT}, id="e" * 32)
        Workplace(work).run("r2")
        record.fold(work / "results")
        backend = open_backend(settings["PDP_STATE"])
        push(work, backend, keyring.open_with(backend.read_keyring(), Password(PASSWORD)))
        phone = sign_in(port)
        assert phone != laptop
        assert b",r2," in rows(phone)  # what was pushed since
        assert b",r2," not in rows(laptop)
        assert len(left_behind(*workers(lines))) == 2
        assert ask(port, "POST", "/sign-out", Cookie=laptop).status == 303
        assert b"187" not in rows(laptop)
        assert b"187" in rows(phone)
        assert len(left_behind(*workers(lines))) == 1


def test_a_worker_that_was_killed_leaves_data_no_longer_than_until_the_next_one(address: str, tmp_path: Path) -> None:
    with gunicorn(little_demo(tmp_path), *ONE_WORKER, **BEHIND, PDP_STATE=address) as (_, port, lines):
        cookie = sign_in(port)
        (killed,) = workers(lines)
        assert len(left_behind(killed)) == 1
        os.kill(int(killed), signal.SIGKILL)
        # Waits for the next worker: the parent holds the socket.
        assert ask(port, "GET", "/sign-in", Cookie=cookie).status == 200
        assert left_behind(killed) == set()
        sign_in(port)


def test_as_deployed_the_owner_signs_in_and_a_stopped_server_leaves_nothing(address: str, tmp_path: Path) -> None:
    settings = BEHIND | {"PDP_STATE": address}
    with gunicorn(little_demo(tmp_path), *ONE_WORKER, **settings) as (process, port, lines):
        cookie = sign_in(port)
        assert ask(port, "GET", "/sign-in", Cookie=cookie).status == 303
        assert ask(port, "GET", "/sign-in", Cookie=f"__Host-pdp={'A' * 43}").status == 200
        (worker,) = workers(lines)
        assert len(left_behind(worker)) == 1
        assert ask(port, "GET", "/", Host="evil.example").status == 421
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    assert left_behind(worker) == set()
    assert not [
        path for place in gateway_process._places() for path in place.glob(f"pdp-dashboard-*-{process.pid}.lock")
    ]
    assert PASSWORD not in "".join(lines)


@pytest.mark.parametrize("arguments", [("--workers", "2"), ("--workers", "2", "--preload")])
def test_a_second_worker_is_refused_and_the_server_ends(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    with gunicorn(little_demo(tmp_path), *arguments, "--threads", "2") as (process, _, lines):
        assert process.wait(60) != 0
    assert "a second worker was started, but sign-ins and their limits live in the memory of one process." in "".join(
        lines
    )


# On a laptop


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "example.org", "", "127.0.0.1.example.org"])
def test_the_laptops_server_refuses_an_address_that_others_can_reach(host: str) -> None:
    for arguments in ([], ["--private"]):
        with pytest.raises(SystemExit, match="can be reached by other machines, and this server has no encryption"):
            laptop.main([*arguments, "--host", host])


def test_private_serves_this_machines_address_and_answers_to_its_own_names_alone(
    own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    served: list[dict[str, object]] = []
    monkeypatch.setattr(Flask, "run", lambda server, **how: served.append({"server": server, **how}))
    monkeypatch.chdir(own)
    for with_password in ("", PASSWORD):
        monkeypatch.setenv("PDP_STATE_PASSWORD", with_password)
        laptop.main(["--private", "--subject", "me"])
        assert served[-1]["host"] == "127.0.0.1"
        client = served[-1]["server"].test_client()  # type: ignore[attr-defined]
        for path in ("/", "/download/daily.csv", "/sign-in", "/_dash-layout"):
            assert client.get(path, headers={"Host": "rebound.example:8050"}).status_code == 421
        assert client.get("/", headers={"Host": "localhost:8050"}).status_code == 200


def test_the_laptops_server_takes_this_machines_own_addresses() -> None:
    assert [laptop.loopback(host) for host in ("127.0.0.1", "::1", "localhost")] == ["127.0.0.1", "::1", "localhost"]


def test_private_shows_this_folders_results_and_says_that_no_password_guards_them(
    own: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(own)
    monkeypatch.delenv("PDP_STATE_PASSWORD", raising=False)
    monkeypatch.delenv("PDP_STATE", raising=False)
    client = laptop._server(is_private=True, subject=None).test_client()
    assert "Results of me, without a password: whoever uses this machine can open them" in capsys.readouterr().out
    assert client.get("/", headers={"Host": "127.0.0.1:8050"}).status_code == 200
    assert client.get("/", headers={"Host": "evil.example"}).status_code == 421
    assert client.get("/sign-in", headers={"Host": "127.0.0.1:8050"}).status_code == 404


def test_without_private_the_laptop_shows_the_demo_alone(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(own)
    answer = laptop._server(is_private=False, subject=None).test_client().get("/", headers={"Host": "localhost"})
    assert "the demo is not built yet" in answer.get_data(as_text=True)


def test_with_a_password_in_the_environment_private_asks_for_it(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PDP_STATE_PASSWORD", PASSWORD)
    door = gateway_local.door(own, "me")
    assert isinstance(door, gateway_local.PasswordDoor)
    assert PASSWORD not in repr(door)
    for typed in ("", "wrong", PASSWORD[:-1]):
        with pytest.raises(WrongPasswordError):
            door.enter(typed)
    data = door.enter(PASSWORD).dataset()
    assert (data.subject, data.is_synthetic, data.root) == ("me", False, own)


def test_with_a_state_private_asks_for_its_password(own: Path, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PDP_STATE_PASSWORD", raising=False)
    monkeypatch.setenv("PDP_STATE", address)
    door = gateway_local.door(own, "me")
    assert isinstance(door, gateway_local.KeyringDoor)
    with pytest.raises(WrongPasswordError):
        door.enter("wrong")
    assert door.enter(PASSWORD).dataset().root == own
    monkeypatch.setenv("PDP_STATE", "folder:/nowhere/at/all")
    unplugged = gateway_local.door(own, "me")
    assert unplugged is not None
    with pytest.raises(NotNowError):
        unplugged.enter(PASSWORD)


def test_whose_results_are_shown_is_never_guessed(tmp_path: Path) -> None:
    def results_of(*people: str) -> None:
        for person in people:
            (tmp_path / "results/summary" / person).mkdir(parents=True, exist_ok=True)
            (tmp_path / "results/summary" / person / "daily.parquet").touch()

    results_of("demo")
    with pytest.raises(ConfigError, match="there are no results but the demo's"):
        gateway_local.subject_of(tmp_path, None)
    results_of("ada")
    assert gateway_local.subject_of(tmp_path, None) == "ada"
    results_of("bob")
    with pytest.raises(ConfigError, match=r"several people have results here\. Name one with --subject"):
        gateway_local.subject_of(tmp_path, None)
    assert gateway_local.subject_of(tmp_path, "bob") == "bob"
    for wanted in ("eve", "demo", "../ada"):
        with pytest.raises(ConfigError, match="there are no results of"):
            gateway_local.subject_of(tmp_path, wanted)
