"""Events sent to a server that speaks OpenLineage: after a run, if OPENLINEAGE_URL says where to; or when asked.

After a run nothing in here may hurt it: no package, no server, a server that hangs, refuses or fails cost one line on
stderr and at most PATIENCE_S. What is sent without anyone looking holds no name of a subject, source or file.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from openlineage.client.event_v2 import RunEvent

URL, ENDPOINT, API_KEY = "OPENLINEAGE_URL", "OPENLINEAGE_ENDPOINT", "OPENLINEAGE_API_KEY"
NAMESPACE, DISABLED = "OPENLINEAGE_NAMESPACE", "OPENLINEAGE_DISABLED"
PATIENCE_S = 5.0  # for all events of a run together
_ANSWER_S = 3.0  # for one of them
_LATER = "pdp openlineage --run {run} --discreet --send sends them later."


@dataclass
class Progress:
    """How far sending has come; written by its thread, read by whoever waits."""

    sent: int = 0
    fault: str = ""


def is_wanted() -> bool:
    """Whether the environment names a server."""
    return bool(os.environ.get(URL, "").strip()) and os.environ.get(DISABLED, "").strip().lower() not in ("true", "1")


def why_not() -> str:
    """What keeps events from being sent, and what to do."""
    if os.environ.get(URL, "").strip():
        return f"{DISABLED} is set: take it out of the environment."
    return f"no server is named: set {URL}, or openlineage.url in the configuration (--configfile config/me.yaml)."


def after_run(root: Path, run: str | None) -> None:
    """Send a run's events, in PATIENCE_S at most; never raises."""
    if run is None or not is_wanted():
        return
    progress = Progress()
    # A daemon: a server that keeps the line open must not keep the program from ending
    thread = threading.Thread(target=_send_run, args=(root, run, progress), daemon=True, name="openlineage")
    thread.start()
    thread.join(PATIENCE_S)
    fault = "the server is too slow" if thread.is_alive() else progress.fault
    if fault:
        print(
            f"pdp: the run is not affected, but OpenLineage has {progress.sent} of its events: {fault}. "
            f"{_LATER.format(run=run)}",
            file=sys.stderr,
        )


def _send_run(root: Path, run: str, progress: Progress) -> None:
    try:
        from pdp.interchange import names, openlineage
        from pdp.lineage import database

        with database.reading(root) as session:
            teller = openlineage.Teller(root, names.of_registry(session, is_discreet=True), namespace())
            send(teller.events(session, [run]), progress, retries=0, until=time.monotonic() + PATIENCE_S)
    except ImportError as error:
        progress.fault = f"the package {error.name} is not installed (pip install openlineage-python)"
    except Exception as error:  # bookkeeping for others must never fail a run
        progress.fault = in_few_words(error)


def in_few_words(error: Exception) -> str:
    """What went wrong on sending; never the address: it may hold a key."""
    status = getattr(getattr(error, "response", None), "status_code", None)
    if status is None:
        return f"{type(error).__name__} on sending"
    elsewhere = f", which leads elsewhere: {URL} has to be the address it leads to" if 300 <= status < 400 else ""
    return f"the server answered {status}{elsewhere}"


def namespace() -> str:
    """The namespace that the environment names, or ours."""
    from pdp.interchange import openlineage

    return os.environ.get(NAMESPACE, "").strip() or openlineage.NAMESPACE


def send(events: Iterable[RunEvent], progress: Progress, *, retries: int, until: float | None = None) -> None:
    """Send events one after the other, through OpenLineage's client.

    Args:
        events: What to send.
        progress: Counts what has arrived.
        retries: How often one is tried again.
        until: Monotonic time after which nothing more is begun.

    Raises:
        Exception: Of the client, at the first event that did not arrive.
    """
    from openlineage.client.transport.http import ApiKeyTokenProvider, HttpConfig, HttpTransport, TokenProvider
    from requests import Session

    key = os.environ.get(API_KEY, "")
    # A redirect turns a POST into a GET, which is answered well and brings nothing; or it leads to another host
    session = Session()
    session.max_redirects = 0
    config = HttpConfig(
        session=session,
        url=os.environ[URL],
        endpoint=os.environ.get(ENDPOINT, "") or "api/v1/lineage",
        timeout=_ANSWER_S,
        auth=ApiKeyTokenProvider({"api_key": key}) if key else TokenProvider({}),
        retry={"total": retries, "backoff_factor": 0.3, "status_forcelist": [502, 503, 504], "allowed_methods": None},
    )
    transport = HttpTransport(config)
    try:
        for event in events:
            if until is not None and time.monotonic() > until:
                raise TimeoutError
            transport.emit(event)
            progress.sent += 1
    finally:
        transport.close()
