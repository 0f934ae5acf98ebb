"""What goes wrong on purpose: for which requests, how, how many times.

    google.faults.add(r"POST /upload/", apply_then(500))
    google.faults.add(r"GET .*alt=media", truncate(1000), times=2, skip=1)

The pattern is searched in "METHOD /path?query" as sent (percent-encoded). One request meets one fault at most: the
first added that is still active.
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from tests.google.stand_in.wire import Answer, Dropped, Refused, Request

LONGEST_HOLD_S = 60.0
HTTPLIB2_TRIES = 3  # how often httplib2 0.32 sends one request whose connections end without an answer


@dataclass(frozen=True)
class Kind:
    """A way to fail. See the functions below for what each means."""

    name: str
    status: int = 0
    reason: str = ""
    retry_after: str = ""
    amount: float = 0
    told: str = ""
    call: Callable[[], object] | None = None


def status(code: int, reason: str = "", retry_after: str | int = "") -> Kind:
    """Answer with an error and do nothing. The reason is Drive's, such as userRateLimitExceeded."""
    return Kind("status", code, reason, str(retry_after))


def apply_then(code: int, reason: str = "") -> Kind:
    """Do what was asked, then answer with an error: the caller cannot know."""
    return Kind("apply_then", code, reason)


def truncate(sent: int) -> Kind:
    """Announce the whole length, send so many bytes of the body, end the connection."""
    return Kind("truncate", amount=sent)


def flip(bit: int) -> Kind:
    """Flip one bit of the answer's body, counted from its start."""
    return Kind("flip", amount=bit)


def shorten(sent: int) -> Kind:
    """Send so many bytes of the body and announce no more: a wrong answer that looks whole."""
    return Kind("shorten", amount=sent)


def tell(**fields: Any) -> Kind:
    """Say something else in the answer's JSON, such as incompleteSearch=True or sha256Checksum="..."."""
    return Kind("tell", told=json.dumps(fields))


def instead(text: str) -> Kind:
    """Do what was asked, then answer 200 with another body, such as a proxy's page."""
    return Kind("instead", told=text)


def delay(seconds: float) -> Kind:
    """Answer later."""
    return Kind("delay", amount=seconds)


def drop() -> Kind:
    """End the connection, nothing done.

    httplib2 sends even a POST anew on its own, so that its caller sees no less than HTTPLIB2_TRIES of these in a row.
    """
    return Kind("drop")


def apply_then_drop() -> Kind:
    """Do what was asked, then end the connection without an answer."""
    return Kind("apply_then_drop")


def cut_request(received: int, code: int = 0) -> Kind:
    """Only the first bytes of the body come; a resumable upload keeps whole blocks of them.

    Then the error, or (0) the connection ends.
    """
    return Kind("cut_request", code, amount=received)


def call(function: Callable[[], object]) -> Kind:
    """Run a function of the test, then do what was asked: a rival's move, or a kill, at an exact request."""
    return Kind("call", call=function)


def apply_then_call(function: Callable[[], object]) -> Kind:
    """Do what was asked, run a function of the test, then answer."""
    return Kind("apply_then_call", call=function)


@dataclass
class Hold:
    """Requests that wait in the server until they are let go, at most LONGEST_HOLD_S."""

    reached: threading.Event = field(default_factory=threading.Event)
    go: threading.Event = field(default_factory=threading.Event)

    def wait(self) -> None:
        """Called for the request: say that it is here, and wait."""
        self.reached.set()
        self.go.wait(LONGEST_HOLD_S)


@dataclass
class _Planned:
    pattern: re.Pattern[str]
    kind: Kind
    times: int
    skip: int
    met: int = 0


@dataclass
class Faults:
    """The faults that are planned, in the order of their adding."""

    planned: list[_Planned] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, match: str, kind: Kind, times: int = 1, skip: int = 0) -> None:
        """Let requests that match fail, times of them (-1: all), after skip that go well."""
        with self.lock:
            self.planned.append(_Planned(re.compile(match), kind, times, skip))

    def hold(self, match: str, times: int = 1, skip: int = 0) -> Hold:
        """Let requests that match wait, before anything is done, until the test lets them go."""
        held = Hold()
        self.add(match, call(held.wait), times, skip)
        return held

    def clear(self) -> None:
        """Plan no more faults."""
        with self.lock:
            self.planned.clear()

    def left(self) -> int:
        """How many planned faults have not come yet, without those that go on for ever."""
        with self.lock:
            return sum(plan.times for plan in self.planned if plan.times > 0)

    def next_for(self, request: Request) -> Kind | None:
        """The fault that a request meets."""
        with self.lock:
            for plan in self.planned:
                if plan.times and plan.pattern.search(f"{request.method} {request.target}"):
                    plan.met += 1
                    if plan.met > plan.skip:
                        plan.times -= plan.times > 0
                        return plan.kind
        return None


def around(kind: Kind | None, request: Request, serve: Callable[[Request], Answer]) -> Answer:
    """Serve a request, with a fault."""
    if kind is None:
        return serve(request)
    if kind.name == "status":
        return _error(kind, request)
    if kind.name == "drop":
        raise Dropped
    if kind.name == "delay":
        time.sleep(kind.amount)
    if kind.name == "call" and kind.call is not None:
        kind.call()
    if kind.name == "cut_request":
        request = replace(request, body=request.body[: int(kind.amount)], is_cut=True)
    answer = serve(request)
    return _spoilt(kind, request, answer)


def _spoilt(kind: Kind, request: Request, answer: Answer) -> Answer:
    amount = int(kind.amount)
    if kind.name == "apply_then" or (kind.name == "cut_request" and kind.status):
        return _error(kind, request)
    if kind.name in ("apply_then_drop", "cut_request"):
        raise Dropped
    if kind.name == "apply_then_call" and kind.call is not None:
        kind.call()
    if kind.name == "truncate":
        return replace(answer, sent=min(amount, len(answer.body)))
    if kind.name == "shorten":
        return replace(answer, body=answer.body[:amount])
    if kind.name == "instead":
        return replace(answer, status=200, body=kind.told.encode())
    if kind.name == "tell":
        return replace(answer, body=json.dumps(json.loads(answer.body) | json.loads(kind.told)).encode())
    if kind.name == "flip" and answer.body:
        body = bytearray(answer.body)
        body[amount // 8 % len(body)] ^= 1 << amount % 8
        return replace(answer, body=bytes(body))
    return answer


MESSAGES = {
    "rateLimitExceeded": "Rate Limit Exceeded",
    "userRateLimitExceeded": "User Rate Limit Exceeded",
    "storageQuotaExceeded": "The user's Drive storage quota has been exceeded.",
    "backendError": "Backend Error",
}
USUAL_REASON = {403: "userRateLimitExceeded", 404: "notFound", 429: "rateLimitExceeded", 503: "backendError"}
QUOTA_MESSAGE = (
    "Quota exceeded for quota metric 'Read requests' and limit 'Read requests per minute per user' of service"
)


def _error(kind: Kind, request: Request) -> Answer:
    reason = kind.reason or USUAL_REASON.get(kind.status, "internalError" if kind.status >= 500 else "badRequest")
    message = MESSAGES.get(reason, "Internal Error" if kind.status >= 500 else reason)
    if request.path.startswith("/v4/") and kind.status == 429:
        message = f"{QUOTA_MESSAGE} 'sheets.googleapis.com' for consumer 'project_number:1'."
    domain = "usageLimits" if "Exceeded" in reason else "global"
    headers = {"Retry-After": kind.retry_after} if kind.retry_after else {}
    return Refused(kind.status, message, reason, domain=domain, headers=headers).answer(request.path)
