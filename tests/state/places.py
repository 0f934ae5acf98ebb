"""A place for the state per back end, empty, with clients made anew whenever they are asked for."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pdp.state.backends import Backend, Step, no_step, open_backend
from pdp.state.backends.google_fixed import GoogleFixed
from tests.google.stand_in import StandIn

DATA_FILES = 6
TAKE_OVER_AFTER_S = 0.1


@dataclass
class Place:
    """Where a state can be made.

    Attributes:
        name: The back end's.
        address: Of the state, as far as it is known before it is made.
        google: The stand-in where it is, if it is there.
    """

    name: str
    address: str
    google: StandIn | None = None

    def open(self, step: Step = no_step) -> Backend:
        """A new client, as another process would have it."""
        backend = open_backend(self.address, step=step)
        if isinstance(backend, GoogleFixed):
            backend.take_over_after_s = TAKE_OVER_AFTER_S
        return backend


def folder_place(tmp_path: Path) -> Place:
    """An empty folder that is not there yet."""
    return Place("folder", f"folder:{tmp_path / 'state'}")


def drive_place(google: StandIn) -> Place:
    """The Drive of an owner who signed in."""
    return Place("google_drive", "google_drive:", google)


def fixed_place(google: StandIn, account: str) -> Place:
    """A folder of empty files that the owner made for a service account."""
    folder = google.files.folder("state")
    for name in ("pdp-head", "pdp-keys", *(f"pdp-data-{n}" for n in range(1, DATA_FILES + 1))):
        google.files.put(name, b"", parent=folder)
    google.files.share(folder, account, "writer")
    return Place("google_fixed", f"google_fixed:{folder}", google)


def credentials(google: Any, name: str, folder: Path) -> tuple[dict[str, str], str]:
    """Environment of a program that keeps its state with this stand-in, and the service account's address."""
    identity = google.owner() if name == "google_drive" else google.service_account("keeper")
    path = folder / "google-state.json"
    path.write_text(json.dumps(identity), encoding="utf-8")
    path.chmod(0o600)
    names = {"PDP_GOOGLE_ROOT": google.root, "PDP_STATE_GOOGLE_CREDENTIALS": str(path)}
    return names, identity.get("client_email", "")


def make_place(name: str, google: StandIn | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """An empty place for a back end."""
    monkeypatch.delenv("PDP_STATE_CACHE", raising=False)
    if google is None:
        return folder_place(tmp_path)
    environment, account = credentials(google, name, tmp_path)
    for variable, value in environment.items():
        monkeypatch.setenv(variable, value)
    return drive_place(google) if name == "google_drive" else fixed_place(google, account)


@pytest.fixture(params=["folder", "google_drive", "google_fixed"])
def place(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    """Each back end's."""
    if request.param == "folder":
        yield make_place("folder", None, tmp_path, monkeypatch)
        return
    with StandIn() as google:
        yield make_place(request.param, google, tmp_path, monkeypatch)


@pytest.fixture(params=["google_drive", "google_fixed"])
def google_place(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    """Those in Google Drive."""
    with StandIn() as google:
        yield make_place(request.param, google, tmp_path, monkeypatch)


@pytest.fixture
def drive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    """The owner's Drive."""
    with StandIn() as google:
        yield make_place("google_drive", google, tmp_path, monkeypatch)


@pytest.fixture
def fixed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    """The owner's files."""
    with StandIn() as google:
        yield make_place("google_fixed", google, tmp_path, monkeypatch)
