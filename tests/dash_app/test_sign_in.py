"""Signing in as deployed: the door, the cookie, the limits; and what is left after signing out."""

from __future__ import annotations

import logging
import threading
from pathlib import Path
from typing import Any

import pytest

from dash_app import gateway_state, limits, settings, sign_in
from dash_app.gateway_session import BusyError
from dash_app.gateway_state import StateDoor
from dash_app.sessions import ABSOLUTE_S, IDLE_S
from dash_app.settings import COOKIE, Settings
from pdp.errors import ConfigError
from pdp.state import keyring
from tests.dash_app.owner import (
    CANARY,
    HOST,
    PASSWORD,
    SUBJECT,
    Clock,
    Held,
    Served,
    little_demo,
    make_state,
    own_folder,
    serve,
)

RIGHT, WRONG = 303, 401


@pytest.fixture(scope="module")
def public(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return little_demo(tmp_path_factory.mktemp("public"))


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    place = tmp_path_factory.mktemp("own")
    return make_state(place / "state", own_folder(place / "work"))


@pytest.fixture
def served(public: Path, address: str) -> Any:
    served = serve(public, address)
    yield served
    served.gateway.sessions.end_all()


def subject(served: Served, cookie: str) -> str:
    """Whose data a request with that cookie sees."""
    headers = {"Cookie": f"{served.settings.cookie}={cookie}"} if cookie else {}
    with served.server.test_request_context("/", headers=headers):
        data = served.gateway.dataset()
        assert data.is_synthetic == (data.subject == "demo")
        return str(data.subject)


def test_without_a_session_everybody_sees_the_demo(served: Served) -> None:
    assert subject(served, "") == "demo"
    assert subject(served, "A" * 43) == "demo"


def test_the_password_opens_the_owners_data_for_that_browser_alone(served: Served) -> None:
    owner, other = served.browser(), served.browser()
    answer = owner.sign_in()
    assert (answer.status_code, answer.headers["Location"]) == (RIGHT, "/")
    assert subject(served, owner.cookie) == SUBJECT
    other.get("/")
    assert subject(served, other.cookie) == "demo"


@pytest.mark.parametrize("where", ["https://evil.example", "//evil.example", "/\\evil.example", "/report"])
def test_signing_in_and_out_leads_to_the_start_whatever_the_address_asks_for(served: Served, where: str) -> None:
    owner = served.browser()
    query = dict.fromkeys(("next", "return", "url", "redirect"), where)
    answers = [
        owner.post("/sign-in", query_string=query, data={"password": PASSWORD, **query}),
        owner.get("/sign-in", query_string=query),
        owner.post("/sign-out", query_string=query, data=query),
        owner.get("/sign-out", query_string=query),
    ]
    assert [(answer.status_code, answer.headers["Location"]) for answer in answers] == [(303, "/")] * 4


def test_a_password_of_any_length_costs_no_more_than_a_short_one(served: Served) -> None:
    assert served.browser().sign_in("x" * (sign_in.LARGEST_FORM - 100)).status_code == WRONG
    assert served.browser().sign_in("x" * sign_in.LARGEST_FORM).status_code == 413


@pytest.mark.parametrize("typed", ["", "wrong", PASSWORD + " ", PASSWORD.upper(), "x" * 2000, "a\nb", "\x00"])
def test_any_other_password_opens_nothing(served: Served, typed: str) -> None:
    visitor = served.browser()
    answer = visitor.sign_in(typed)
    assert answer.status_code == WRONG
    assert sign_in.WRONG in answer.get_data(as_text=True)
    assert visitor.cookie == ""
    assert len(served.gateway.sessions) == 0


def test_the_cookie_is_for_this_host_over_https_and_no_script_or_other_site(served: Served) -> None:
    answer = served.browser().sign_in()
    (cookie,) = answer.headers.getlist("Set-Cookie")
    name, *rest = [part.strip() for part in cookie.split(";")]
    assert name.startswith(f"{COOKIE}=")
    assert sorted(rest) == ["HttpOnly", "Path=/", "SameSite=Strict", "Secure"]


def test_on_this_machine_over_http_the_cookie_has_a_plain_name_and_is_not_secure(public: Path, address: str) -> None:
    local = serve(public, address, Settings(is_loopback=True))
    (cookie,) = local.browser().sign_in().headers.getlist("Set-Cookie")
    assert cookie.startswith("pdp=")
    assert "Secure" not in cookie
    assert "HttpOnly" in cookie
    local.gateway.sessions.end_all()


def test_the_id_is_new_at_each_sign_in_and_the_one_before_is_worth_nothing(served: Served) -> None:
    owner = served.browser()
    owner.cookie = planted = "B" * 43
    owner.sign_in()
    first = owner.cookie
    assert first != planted
    owner.sign_in()
    assert owner.cookie != first
    assert subject(served, planted) == subject(served, first) == "demo"
    assert subject(served, owner.cookie) == SUBJECT


def test_signing_out_drops_data_and_cookie_and_a_stolen_cookie_is_worth_nothing(served: Served) -> None:
    owner = served.browser()
    owner.sign_in()
    stolen = owner.cookie
    with served.server.test_request_context("/", headers={"Cookie": f"{COOKIE}={stolen}"}):
        root = served.gateway.dataset().root
    assert (root / "results/summary" / SUBJECT / "daily.parquet").is_file()
    answer = owner.post("/sign-out")
    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert "Max-Age=0" in answer.headers["Set-Cookie"]
    assert owner.cookie == ""
    assert not root.exists()
    assert subject(served, stolen) == "demo"


def test_a_link_can_not_sign_anybody_out(served: Served) -> None:
    owner = served.browser()
    owner.sign_in()
    assert '<form method="post" action="/sign-out">' in owner.get("/sign-out").get_data(as_text=True)
    assert subject(served, owner.cookie) == SUBJECT


def test_a_session_lasts_as_long_as_the_sign_in_page_says_and_no_longer(served: Served) -> None:
    assert (IDLE_S, ABSOLUTE_S) == (15 * 60, 8 * 3600)
    page = served.browser().get("/sign-in").get_data(as_text=True)
    assert "leave it alone for 15 minutes, or 8 hours have passed" in page


@pytest.mark.parametrize(("step", "times"), [(IDLE_S, 1), (600, ABSOLUTE_S // 600)])
def test_a_session_ends_by_idleness_and_by_age_and_its_folder_goes(
    public: Path, address: str, step: float, times: int
) -> None:
    served, clock = serve(public, address), Clock()
    served.gateway.sessions.clock = clock
    owner = served.browser()
    owner.sign_in()
    with served.server.test_request_context("/", headers={"Cookie": f"{COOKIE}={owner.cookie}"}):
        root = served.gateway.dataset().root
    for _ in range(times):
        assert subject(served, owner.cookie) == SUBJECT
        clock.now += step
    assert subject(served, owner.cookie) == "demo"
    assert not root.exists()


def test_a_served_session_that_nobody_asks_for_again_is_dropped_when_it_is_due(public: Path) -> None:
    held = Held()

    class OpenDoor:
        def enter(self, password: str) -> Any:
            return held

    served = serve(public, "", door=OpenDoor())
    served.gateway.sessions.idle_s = 0.05
    assert served.browser().sign_in().status_code == RIGHT
    assert held.closed.wait(10)


def test_a_restart_forgets_who_signed_in(served: Served, public: Path, address: str) -> None:
    owner = served.browser()
    owner.sign_in()
    restarted = serve(public, address)
    assert subject(restarted, owner.cookie) == "demo"


def test_a_session_that_ends_while_a_page_is_made_does_not_mix_two_people(served: Served) -> None:
    owner = served.browser()
    owner.sign_in()
    with served.server.test_request_context("/", headers={"Cookie": f"{COOKIE}={owner.cookie}"}):
        first = served.gateway.dataset()
        served.gateway.sessions.end(owner.cookie)
        with pytest.raises(gateway_state.NoDataError):
            first.table("daily")
        with pytest.raises(gateway_state.NoDataError):
            served.gateway.dataset()
    assert subject(served, owner.cookie) == "demo"


def test_the_sixth_try_in_a_minute_from_one_address_is_refused_unheard(served: Served) -> None:
    visitor = served.browser(address="203.0.113.9")
    assert [visitor.sign_in("wrong").status_code for _ in range(5)] == [WRONG] * 5
    refused = visitor.sign_in()
    assert refused.status_code == 429
    assert sign_in.TOO_OFTEN in refused.get_data(as_text=True)
    assert subject(served, visitor.cookie) == "demo"
    assert served.browser(address="203.0.113.10").sign_in("wrong").status_code == WRONG


def test_inventing_forwarded_addresses_gives_no_more_tries(served: Served) -> None:
    visitor = served.browser()
    names = ("X-Forwarded-For", "Fly-Client-IP", "Forwarded", "X-Real-IP")
    codes = [
        visitor.sign_in("wrong", headers=dict.fromkeys(names, f"198.51.100.{number}")).status_code
        for number in range(6)
    ]
    assert codes == [WRONG] * 5 + [429]


def test_a_visitor_may_ask_for_much_work_but_not_for_all_of_it(served: Served) -> None:
    visitor, other = served.browser(address="203.0.113.40"), served.browser(address="203.0.113.41")
    each = limits.COSTS["/download/"]
    codes = [visitor.get("/download/nothing.csv").status_code for _ in range(60 // each + 1)]
    assert codes == [404] * (60 // each) + [429]
    for path in limits.COSTS:
        refused = visitor.get(path)
        assert (refused.status_code, refused.headers["Retry-After"]) == (429, "60")
        assert "Wait a minute" in refused.get_data(as_text=True)
        assert "password" not in refused.get_data(as_text=True)
        assert other.get(path).status_code != 429
    for path in ("/", "/healthz", "/sign-in"):
        assert visitor.get(path).status_code == 200
    assert visitor.sign_in("wrong").status_code == WRONG


def test_an_ipv6_network_counts_as_one_visitor(served: Served) -> None:
    codes = [served.browser(address=f"2001:db8:1:2::{n:x}").sign_in("wrong").status_code for n in range(1, 7)]
    assert codes == [WRONG] * 5 + [429]
    assert served.browser(address="2001:db8:1:3::1").sign_in("wrong").status_code == WRONG


def test_tries_from_everywhere_together_are_thirty_an_hour(public: Path, address: str) -> None:
    served = serve(public, address)
    codes = [served.browser(address=f"203.0.113.{n}").sign_in("").status_code for n in range(31)]
    assert codes == [WRONG] * 30 + [429]


@pytest.mark.parametrize(
    ("proxy", "headers"),
    [
        ("1", {"X-Forwarded-For": "192.0.2.{n}, 198.51.100.1", "X-Forwarded-Proto": "https"}),
        ("fly", {"X-Forwarded-For": "192.0.2.{n}, 192.0.2.200", "Fly-Client-IP": "198.51.100.1"}),
    ],
)
def test_behind_a_proxy_only_what_the_proxy_itself_wrote_counts(
    public: Path, address: str, proxy: Any, headers: dict[str, str]
) -> None:
    served = serve(public, address, Settings(proxy=proxy))
    codes = []
    for n in range(6):
        visitor = served.browser(address="10.0.0.1")
        told = {name: text.format(n=n) for name, text in headers.items()}
        codes.append(visitor.sign_in("wrong", headers=told).status_code)
    assert codes == [WRONG] * 5 + [429]
    elsewhere = {name: text.replace("198.51.100.1", "198.51.100.2").format(n=9) for name, text in headers.items()}
    assert served.browser(address="10.0.0.1").sign_in("wrong", headers=elsewhere).status_code == WRONG


def test_passwords_are_tried_one_at_a_time(address: str) -> None:
    door, inside, go = StateDoor(address), threading.Event(), threading.Event()

    def hold() -> None:
        with gateway_state.one_at_a_time():
            inside.set()
            go.wait(10)

    holder = threading.Thread(target=hold)
    holder.start()
    inside.wait(10)
    with pytest.raises(BusyError):
        door.enter(PASSWORD)
    go.set()
    holder.join()
    door.enter(PASSWORD).close()


def test_a_try_costs_as_much_whether_the_password_is_nearly_right_or_not_at_all(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    derivations = []
    real = keyring.slots.hash_secret_raw

    def counted(*arguments: Any, **more: Any) -> bytes:
        derivations.append(1)
        return bytes(real(*arguments, **more))

    monkeypatch.setattr(keyring.slots, "hash_secret_raw", counted)
    for typed in ("x", PASSWORD[:-1]):
        served.browser().sign_in(typed)
    assert len(derivations) == 2


def test_neither_log_nor_answer_repeats_a_password(served: Served, caplog: pytest.LogCaptureFixture) -> None:
    typed = "geheim-123-geheim"
    with caplog.at_level(logging.DEBUG):
        answer = served.browser().sign_in(typed)
        served.browser().sign_in()
    assert typed not in answer.get_data(as_text=True)
    assert typed not in caplog.text
    assert PASSWORD not in caplog.text
    assert [record.message for record in caplog.records if record.name == "dash_app.sign_in"] == [
        "a sign-in was refused: wrong password",
        "somebody signed in",
    ]


@pytest.mark.parametrize("broken", ["gone", "AGE-SECRET-KEY-1QQ:no such kind", "keyring", "blobs"])
def test_with_a_state_that_can_not_be_used_the_demo_is_served_and_the_log_says_why(
    public: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture, broken: str
) -> None:
    state = make_state(tmp_path / "state", own_folder(tmp_path / "work"))
    if broken == "gone":
        state = f"folder:{tmp_path / 'unplugged'}"
    elif broken == "keyring":
        (tmp_path / "state/genesis/document").write_bytes(b"{}")
    elif broken == "blobs":
        for blob in (tmp_path / "state/blobs").iterdir():
            blob.write_bytes(b"nothing")
    else:
        state = broken
    served = serve(public, state)
    visitor = served.browser()
    answer = visitor.sign_in()
    assert answer.status_code == 503
    assert sign_in.NOT_NOW in answer.get_data(as_text=True)
    assert subject(served, visitor.cookie) == "demo"
    assert visitor.get("/healthz").status_code == 200
    told = [record.getMessage() for record in caplog.records if record.name == "dash_app.state"]
    assert len(told) >= 1
    for secret in ("AGE-SECRET-KEY", PASSWORD, str(tmp_path), CANARY):
        assert secret not in caplog.text


def test_without_a_state_nobody_can_sign_in_and_the_page_says_so(public: Path) -> None:
    served = serve(public, "", door=None)
    assert not served.gateway.can_sign_in()
    for answer in (served.browser().get("/sign-in"), served.browser().sign_in()):
        assert answer.status_code == 503
        assert "Nobody can sign in here" in answer.get_data(as_text=True)


def test_the_page_has_a_field_that_password_managers_know_and_says_what_went_wrong(served: Served) -> None:
    page = served.browser().get("/sign-in").get_data(as_text=True)
    assert '<label for="password">' in page
    assert 'autocomplete="current-password"' in page
    assert "<script" not in page
    assert 'role="alert"' not in page
    assert 'role="alert"' in served.browser().sign_in("wrong").get_data(as_text=True)


def test_settings_of_the_environment_that_mean_nothing_are_refused() -> None:
    assert settings.from_environment({}) == Settings()
    assert settings.from_environment({"PDP_DASHBOARD_PROXY": "fly", "PDP_DASHBOARD_HOST": HOST}).hosts == (HOST,)
    for name, value in (("PDP_DASHBOARD_PROXY", "2"), ("PDP_DASHBOARD_HOST", "https://pdp.example.org/")):
        with pytest.raises(ConfigError, match=name):
            settings.from_environment({name: value})
