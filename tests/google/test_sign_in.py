"""`pdp google sign-in`: the test plays the browser and Google's two endpoints over real HTTP."""

from __future__ import annotations

import base64
import hashlib
import json
import stat
import subprocess
import sys
import threading
import urllib.request
import webbrowser
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from click.testing import CliRunner

from pdp.cli import main

SECRET = "c4nary-5ecret"


class Consent:
    """Where the owner consents, and where the code is exchanged for a pass. Checks what Google checks."""

    def __init__(self):
        self.scope, self.gives_refresh_token, self.token_status = None, True, 200
        self.forms = []
        self.is_awake = threading.Event()
        self.is_awake.set()
        consent = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                consent.is_awake.wait(10)
                form = self.rfile.read(int(self.headers["Content-Length"])).decode()
                body = json.dumps(consent.exchange(form, self.headers)).encode()
                self.send_response(consent.token_status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                with suppress(BrokenPipeError):  # a client that no longer waits
                    self.wfile.write(body)

            def log_message(self, *args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.root = f"http://127.0.0.1:{self.server.server_port}"

    def asked(self, address):
        """The browser opens the printed address: remember what is asked for."""
        self.query = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert address.startswith(f"{self.root}/auth?")
        return self.query

    def exchange(self, form, headers):
        given = {name: values[0] for name, values in parse_qs(form).items()}
        self.forms.append(given)
        if self.token_status != 200:
            return {"error": "invalid_client"}
        challenge = base64.urlsafe_b64encode(hashlib.sha256(given["code_verifier"].encode()).digest()).rstrip(b"=")
        assert base64.b64decode(headers["Authorization"].removeprefix("Basic ")).decode() == f"app:{SECRET}"
        assert (given["grant_type"], given["code"]) == ("authorization_code", "the-code")
        assert given["redirect_uri"] == self.query["redirect_uri"]
        assert challenge.decode() == self.query["code_challenge"]
        token = {"refresh_token": f"1//{SECRET}"} if self.gives_refresh_token else {}
        scope = self.scope or self.query["scope"]
        return {"access_token": "ya29.x", "expires_in": 3599, "token_type": "Bearer", "scope": scope, **token}


@pytest.fixture
def consent():
    consent = Consent()
    threading.Thread(target=consent.server.serve_forever, args=(0.02,), daemon=True).start()
    with consent.server:
        yield consent
        consent.server.shutdown()


@pytest.fixture
def client(consent, tmp_path):
    """The file of the owner's OAuth client."""
    content = {"client_id": "app", "client_secret": SECRET, "auth_uri": f"{consent.root}/auth"}
    path = tmp_path / "client_secret.json"
    path.write_text(json.dumps({"installed": {**content, "token_uri": f"{consent.root}/token"}}))
    return path


class Browser(webbrowser.BaseBrowser):
    """Opens the address, consents (or not) and follows the way back, while the command waits."""

    def __init__(self, consent, answer):
        super().__init__("test")
        self.consent, self.answer, self.pages = consent, answer, []

    def open(self, url, new=0, autoraise=True):
        self.thread = threading.Thread(target=self.visit, args=(url,), daemon=True)
        self.thread.start()
        return True

    def visit(self, url):
        query = self.consent.asked(url)
        back = {"state": query["state"], "code": "the-code", "scope": query["scope"]}
        parameters = urlencode(self.answer(query) if self.answer else back)
        with urllib.request.urlopen(f"{query['redirect_uri']}?{parameters}", timeout=30) as page:
            self.pages.append(page.read().decode())


@pytest.fixture
def run(client, monkeypatch):
    """The command, in the client's folder; its exit code, output and errors."""
    monkeypatch.chdir(client.parent)
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "")  # the command sets it for a token endpoint on this machine

    def run(*options):
        done = CliRunner().invoke(main, ["google", "sign-in", f"--client={client}", *options])
        assert SECRET not in done.output
        assert done.exception is None or isinstance(done.exception, SystemExit)
        return done.exit_code, done.stdout, done.stderr

    return run


@pytest.fixture
def signed_in(run, consent, monkeypatch):
    """The command, with a browser that consents, or gives the answer that is made from the query."""

    def signed_in(*options, answer=None):
        browser = Browser(consent, answer)
        monkeypatch.setattr(webbrowser, "_browsers", {})
        monkeypatch.setattr(webbrowser, "_tryorder", [])
        webbrowser.register("test", None, browser)
        outcome = run(*options)
        browser.thread.join(30)
        assert ["This window can be closed." in page for page in browser.pages] == [True]
        return outcome

    return signed_in


@pytest.fixture
def refused(run):
    """The command, which must end without a browser; its errors."""

    def refused(*options):
        code, _, errors = run(*options)
        assert code == 2
        return errors

    return refused


def test_without_a_browser_the_address_is_printed(consent, client):
    command = [sys.executable, "-u", "-m", "pdp.cli", "google", "sign-in", f"--client={client}", "--no-browser"]
    running = subprocess.Popen(command, cwd=client.parent, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    with running:
        assert running.stdout.readline() == "Open this address in a browser on this machine and sign in:\n"
        address = next(line.strip() for line in running.stdout if line.strip())
        Browser(consent, None).visit(address)
        output, errors = running.communicate(timeout=30)
    assert (running.returncode, errors) == (0, "")
    assert output.strip().startswith("Signed in: credentials/google.json is written, and only you can read it.")
    assert SECRET not in output


@pytest.mark.parametrize(
    ("purpose", "file", "scopes"),
    [
        ("sources", "google.json", {"spreadsheets.readonly", "drive.readonly"}),
        ("state", "google-state.json", {"drive.file"}),
    ],
)
def test_the_owner_signs_in_and_only_they_can_read_what_is_written(consent, client, signed_in, purpose, file, scopes):
    code, output, _ = signed_in("--for", purpose)
    assert code == 0
    path = client.parent / "credentials" / file
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [each.name for each in path.parent.iterdir()] == [file]
    assert json.loads(path.read_text()) == {
        "type": "authorized_user",
        "client_id": "app",
        "client_secret": SECRET,
        "refresh_token": f"1//{SECRET}",
        "token_uri": f"{consent.root}/token",
    }
    assert {scope.rpartition("/")[2] for scope in consent.query["scope"].split()} == scopes
    assert (consent.query["access_type"], consent.query["prompt"]) == ("offline", "consent")
    assert f"Signed in: credentials/{file} is written, and only you can read it." in output
    assert "the status Testing? Then this ends after 7 days: publish it" in output


def test_what_was_written_is_what_the_commands_use(client, signed_in, google, monkeypatch):
    from pdp.google import credentials

    signed_in()
    monkeypatch.chdir(client.parent)
    monkeypatch.delenv("PDP_GOOGLE_CREDENTIALS")
    found = credentials.for_sources()
    assert (found.kind, found.is_from) == ("owner", "credentials/google.json")
    assert found.credentials.refresh_token == f"1//{SECRET}"


def test_credentials_that_are_there_stay_unless_forced(client, signed_in, refused):
    there = client.parent / "credentials" / "google.json"
    there.parent.mkdir()
    there.write_text("old")
    assert refused() == "pdp: credentials/google.json: is there already. Replace it by --force.\n"
    assert there.read_text() == "old"
    assert signed_in("--force")[0] == 0
    assert "authorized_user" in there.read_text()
    assert stat.S_IMODE(there.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (lambda query: {"state": query["state"], "error": "access_denied"}, "the sign-in was refused in the browser."),
        (
            lambda query: {"state": "forged", "code": "the-code"},
            "the sign-in did not come to its end (MismatchingStateError).",
        ),
        (lambda query: {"state": query["state"]}, "the sign-in did not come to its end ("),
    ],
)
def test_a_browser_that_comes_back_with_something_else_signs_nobody_in(consent, client, signed_in, answer, says):
    code, _, errors = signed_in(answer=answer)
    assert code == 2
    assert says in errors
    assert "Run the command again and follow the page to its end." in errors
    assert consent.forms == []
    assert not (client.parent / "credentials").exists()


def test_a_box_that_was_not_ticked_is_told(consent, signed_in):
    consent.scope = "https://www.googleapis.com/auth/drive.readonly"
    code, _, errors = signed_in()
    assert code == 2
    assert "not everything that was asked for was allowed. Run the command again and tick every box." in errors


def test_a_pass_for_an_hour_only_is_told_and_not_kept(consent, client, signed_in):
    consent.gives_refresh_token = False
    code, _, errors = signed_in()
    assert code == 2
    assert "Google gave a pass for one hour only. Remove the application at https://myaccount.google.com/conn" in errors
    assert not (client.parent / "credentials").exists()


def test_a_client_that_google_does_not_know_is_told(consent, signed_in):
    consent.token_status = 401
    code, _, errors = signed_in()
    assert code == 2
    assert "Google does not know this OAuth client. Make an OAuth client of the type Desktop app (" in errors


def test_a_google_that_does_not_answer_is_told(consent, signed_in, monkeypatch):
    monkeypatch.setattr("pdp.google.services.CALL_TIMEOUT_S", 0.1)
    consent.is_awake.clear()
    code, _, errors = signed_in()
    consent.is_awake.set()
    assert code == 2
    assert "Google could not be asked for the credentials (ReadTimeout). Check that this machine is online." in errors


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("{", "this is no readable JSON file."),
        ('{"web": {"client_secret": "c4nary-5ecret"}}', "this is no OAuth client of the type Desktop app."),
        ("[]", "this is no OAuth client of the type Desktop app."),
        ('{"installed": {"client_id": "a", "client_secret": "c4nary-5ecret"}}', 'lacks "auth_uri", "token_uri".'),
    ],
)
def test_a_file_that_is_no_client_is_told(client, refused, content, says):
    client.write_text(content)
    errors = refused()
    assert errors.startswith(f"pdp: {client}: {says} Make an OAuth client of the type Desktop app (")


@pytest.mark.parametrize("field", ["auth_uri", "token_uri"])
def test_a_client_that_leads_elsewhere_is_refused(client, refused, field):
    content = json.loads(client.read_text())
    content["installed"][field] = "https://example.com/"
    client.write_text(json.dumps(content))
    assert f'the field "{field}" is not Google\'s. Do not use this file' in refused()


def test_a_port_that_is_taken_is_told(consent, refused):
    errors = refused(f"--port={consent.server.server_port}")
    assert "the port can't be listened on (Address already in use). Choose another by --port, or 0 for any." in errors


def test_credentials_are_no_part_of_the_repository():
    ignored = Path(__file__).parents[2] / ".gitignore"
    assert "credentials/" in ignored.read_text().splitlines()
