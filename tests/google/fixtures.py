"""What tests that talk to Google use: a stand-in of their own, and the program set to talk to it.

Other test packages take them by `from tests.google.fixtures import google, stand_in` in their conftest.py.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.google.stand_in import StandIn


class Google(StandIn):
    """A stand-in with a service account that the program's sources use."""

    def __init__(self, *, tls: bool = False) -> None:
        super().__init__(tls=tls)
        self.account: dict[str, Any] = self.service_account("reader")
        self.reader: str = self.account["client_email"]

    def __enter__(self) -> Google:
        super().__enter__()
        return self


@pytest.fixture
def stand_in() -> Iterator[StandIn]:
    """A stand-in that nothing knows of."""
    with StandIn() as google:
        yield google


def told(google: Google, folder: Path) -> dict[str, str]:
    """The environment of a program that talks to this stand-in as its reader."""
    path = folder / "google-reader.json"
    path.write_text(json.dumps(google.account), encoding="utf-8")
    trust = {} if google.ca is None else {"HTTPLIB2_CA_CERTS": str(google.ca), "REQUESTS_CA_BUNDLE": str(google.ca)}
    return {"PDP_GOOGLE_ROOT": google.root, "PDP_GOOGLE_CREDENTIALS": str(path)} | trust


@pytest.fixture
def google(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Google]:
    """A stand-in to which this process's program talks, as google.reader."""
    with Google() as stand_in:
        for name, value in told(stand_in, tmp_path_factory.mktemp("google")).items():
            monkeypatch.setenv(name, value)
        yield stand_in
