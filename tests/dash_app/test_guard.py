"""What every request must be and every answer carries."""

from __future__ import annotations

import json
import logging
import re
from pathlib import Path
from typing import Any

import pytest
from dash import Dash, Input, Output, State, dcc, html

from dash_app import guard
from dash_app.app import create_app
from dash_app.gateway_folder import DemoGateway
from dash_app.settings import LOOPBACK, Settings
from tests.dash_app.owner import HOST, ORIGIN, Browser, little_demo

CALLBACKS = "/_dash-update-component"
FOREIGN = "https://evil.example"
TRACE = ("Traceback", 'File "', ".py", "KeyError", "TypeError", "werkzeug")


@pytest.fixture(scope="module")
def visitor(tmp_path_factory: pytest.TempPathFactory) -> Browser:
    """A visitor of the real pages."""
    app = create_app(DemoGateway(little_demo(tmp_path_factory.mktemp("demo"))))
    return Browser(app.server, Settings())


@pytest.fixture(scope="module")
def one_callback() -> Browser:
    """A visitor of a page with a callback of known shape, one with a wildcard among them."""
    app = Dash("dash_app")
    app.layout = html.Div([dcc.Input(id="typed"), html.P(id="shown"), html.P(id="kept")])

    @app.callback(Output("shown", "children"), Input("typed", "value"), State("kept", "children"))
    def show(value: Any, kept: Any) -> str:
        return f"saw {value.upper()}"

    guard.install(app)
    return Browser(app.server, Settings())


def call(**other: Any) -> dict[str, Any]:
    """The body of a callback that is right, apart from `other`."""
    return {
        "output": "shown.children",
        "outputs": {"id": "shown", "property": "children"},
        "inputs": [{"id": "typed", "property": "value", "value": "a"}],
        "changedPropIds": ["typed.value"],
        "state": [{"id": "kept", "property": "children", "value": None}],
    } | other


PATHS = [
    "/",
    "/healthz",
    "/_dash-layout",
    "/_dash-dependencies",
    "/nothing",
    "/_dash-update-component",
    "/_favicon.ico",
]


POLICY = {
    "default-src": "'none'",
    "style-src": "'self' 'unsafe-inline'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
}


@pytest.mark.parametrize("path", ["os/path.py", "dash/nothing.js", "dash/../../etc/passwd"])
def test_a_script_that_is_not_handed_out_is_not_found(visitor: Browser, path: str) -> None:
    answer = visitor.ask("GET", f"/_dash-component-suites/{path}")
    assert answer.status_code == 404
    assert answer.text == "404 Not Found\n"


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS"])
def test_every_answer_forbids_other_origins_frames_guessing_and_keeping(
    visitor: Browser, path: str, method: str
) -> None:
    answer = visitor.ask(method, path)
    policy = dict(part.strip().split(" ", 1) for part in answer.headers["Content-Security-Policy"].split(";"))
    own, *hashes = policy.pop("script-src").split()
    assert own == "'self'"
    assert all(re.fullmatch(r"'sha256-[A-Za-z0-9+/]{43}='", each) for each in hashes)
    assert policy == POLICY
    assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answer.headers["Permissions-Policy"] == "camera=(), geolocation=(), microphone=()"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert answer.headers["Strict-Transport-Security"].startswith("max-age=31536000")
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Cookie" in answer.vary


def test_only_what_has_a_name_of_its_own_content_may_be_kept_unasked(visitor: Browser) -> None:
    def kept(path: str) -> str:
        return str(visitor.get(path).headers["Cache-Control"])

    (script,) = set(
        re.findall(r'src="(/_dash-component-suites/dash/html/[^"]+)"', visitor.get("/").get_data(as_text=True))
    )
    for path in ("/assets/page.css?m=1.5", "/assets/fonts/inter-latin-5.3.0.woff2", script):
        assert kept(path) == "public, max-age=31536000, immutable"
    assert kept("/assets/page.css") == "no-cache"
    for path in ("/assets/nothing.css", "/assets/nothing.css?m=1", "/?m=1", "/a-1.2.3.js"):
        assert kept(path) == "no-store"


def test_health_says_ok_and_nothing_else(visitor: Browser) -> None:
    answer = visitor.get("/healthz")
    assert (answer.status_code, answer.data) == (200, b"ok\n")


@pytest.mark.parametrize("path", ["/_mcp", "/mcp", "/_dash-mcp", "/_dash/mcp"])
def test_no_machine_can_ask_for_tools(visitor: Browser, path: str) -> None:
    assert [visitor.ask(method, path).status_code for method in ("GET", "POST")] == [404, 405]
    assert not [rule for rule in visitor.server.url_map.iter_rules() if "mcp" in rule.rule]


@pytest.mark.parametrize("origin", [FOREIGN, "null", f"http://{HOST}", f"{ORIGIN}.evil.example", f"{ORIGIN}:8443", ""])
def test_a_post_from_another_origin_is_refused(visitor: Browser, origin: str) -> None:
    for path in (CALLBACKS, "/sign-in", "/sign-out", "/nothing"):
        assert visitor.post(path, headers={"Origin": origin}).status_code == 403


def test_a_post_that_a_page_elsewhere_made_without_naming_its_origin_is_refused(one_callback: Browser) -> None:
    silent = Browser(one_callback.server, Settings(), origin=None)
    assert silent.post(CALLBACKS, json=call(), headers={"Referer": f"{FOREIGN}/x"}).status_code == 403
    assert silent.post(CALLBACKS, json=call(), headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert silent.post(CALLBACKS, json=call(), headers={"Referer": f"{ORIGIN}/x"}).status_code == 200


def test_other_sites_may_link_here_but_not_fetch_or_embed(visitor: Browser) -> None:
    def answer(site: str, mode: str) -> int:
        return int(visitor.get("/", headers={"Sec-Fetch-Site": site, "Sec-Fetch-Mode": mode}).status_code)

    assert answer("cross-site", "navigate") == 200
    assert answer("cross-site", "no-cors") == 403
    assert answer("same-site", "cors") == 403
    assert answer("same-origin", "cors") == 200
    assert answer("none", "navigate") == 200


def test_a_name_that_is_not_ours_is_not_answered(tmp_path: Path) -> None:
    app = create_app(DemoGateway(little_demo(tmp_path)))
    guard.limit_hosts(app.server, LOOPBACK)
    client = app.server.test_client()
    for name in ("127.0.0.1:8050", "localhost:8050", "localhost", "[::1]:8050", "[::1]"):
        assert client.get("/", headers={"Host": name}).status_code == 200, name
    for name in ("evil.example:8050", "127.0.0.1.evil.example", "localhost.evil.example:8050", "evil.example", ""):
        for path in ("/", "/_dash-layout", "/_dash-dependencies"):
            answer = client.get(path, headers={"Host": name})
            assert (answer.status_code, answer.data) in (
                (421, b"421 Misdirected Request\n"),
                (400, b"400 Bad Request\n"),
            )


def test_a_callback_that_a_page_makes_is_answered(one_callback: Browser) -> None:
    answer = one_callback.post(CALLBACKS, json=call())
    assert json.loads(answer.data)["response"]["shown"]["children"] == "saw A"


DEEP = b"[" * 100_000 + b"]" * 100_000
MALFORMED: dict[str, bytes] = {
    "empty": b"",
    "no JSON": b"{",
    "array": b"[]",
    "text": b'"x"',
    "number": b"7",
    "null": b"null",
    "not UTF-8": b'{"output": "\xff\xfe"}',
    "nothing in it": b"{}",
    "deep": DEEP,
    "deep inside": json.dumps(call()).encode()[:-1] + b', "x": ' + DEEP + b"}",
    "number of 5000 digits": json.dumps(call()).encode()[:-1] + b', "x": ' + b"9" * 5000 + b"}",
    "unknown output": json.dumps(call(output="secret.children")).encode(),
    "output is a list": json.dumps(call(output=["shown.children"])).encode(),
    "output is an object": json.dumps(call(output={"shown": 1})).encode(),
    "no inputs": json.dumps(call(inputs=[])).encode(),
    "inputs is null": json.dumps(call(inputs=None)).encode(),
    "too many inputs": json.dumps(call(inputs=call()["inputs"] * 2)).encode(),
    "input is a text": json.dumps(call(inputs=["typed.value"])).encode(),
    "input without id": json.dumps(call(inputs=[{"property": "value"}])).encode(),
    "input without property": json.dumps(call(inputs=[{"id": "typed"}])).encode(),
    "list of texts": json.dumps(call(inputs=[["x"]])).encode(),
    "state is an object": json.dumps(call(state={})).encode(),
    "outputs is a text": json.dumps(call(outputs="x")).encode(),
    "changed is a number": json.dumps(call(changedPropIds=3)).encode(),
    "changed holds objects": json.dumps(call(changedPropIds=[{}])).encode(),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_a_body_that_no_page_sends_is_400_without_a_trace(one_callback: Browser, name: str) -> None:
    answer = one_callback.post(CALLBACKS, data=MALFORMED[name], content_type="application/json")
    assert (answer.status_code, answer.data) == (400, b"400 Bad Request\n")


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
def test_a_body_of_another_kind_than_json_is_415(one_callback: Browser, kind: str) -> None:
    answer = one_callback.post(CALLBACKS, data=json.dumps(call()), content_type=kind)
    assert answer.status_code == 415


@pytest.mark.parametrize("path", [CALLBACKS, "/sign-in"])
def test_a_body_of_more_than_a_megabyte_is_413(tmp_path: Path, one_callback: Browser, path: str) -> None:
    from tests.dash_app.owner import serve

    visitor = one_callback if path == CALLBACKS else serve(little_demo(tmp_path), "").browser()
    large = json.dumps(call(more="x" * guard.LARGEST_BODY))
    kind = "application/json" if path == CALLBACKS else "application/x-www-form-urlencoded"
    answer = visitor.post(path, data=large, content_type=kind)
    assert (answer.status_code, answer.data) == (413, b"413 Request Entity Too Large\n")


def test_a_callback_that_fails_tells_neither_visitor_nor_log_what_it_held(
    one_callback: Browser, caplog: pytest.LogCaptureFixture
) -> None:
    value = {"kanarienvogel": 187.25}
    one_callback.server.testing = False
    with caplog.at_level(logging.DEBUG):
        answer = one_callback.post(CALLBACKS, json=call(inputs=[{"id": "typed", "property": "value", "value": value}]))
    assert answer.status_code == 500
    text = answer.get_data(as_text=True)
    assert not [word for word in (*TRACE, "kanarienvogel") if word in text]
    (told,) = [record.getMessage() for record in caplog.records if record.name == "dash_app"]
    assert told.startswith("AttributeError at ")
    assert "kanarienvogel" not in caplog.text
