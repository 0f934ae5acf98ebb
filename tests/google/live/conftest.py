"""The two sides: the stand-in always, Google when asked for."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.google.stand_in import FOLDER, StandIn, clients


@dataclass(frozen=True)
class Side:
    """One Google, as its owner meets it through an app with drive.file; and a stranger to whom nothing is shared."""

    root: str | None
    owner: Mapping[str, Any]
    stranger: Mapping[str, Any] | None
    drive: Any
    old_drive: Any
    folder: str


@pytest.fixture(scope="module", params=["stand-in", pytest.param("google", marks=pytest.mark.live)])
def side(request: pytest.FixtureRequest) -> Iterator[Side]:
    """A Google with an empty folder of the test's own."""
    if request.param == "stand-in":
        with StandIn() as google:
            yield _side(google.root, google.owner(), google.service_account("stranger"))
        return
    if not request.config.getoption("--live"):
        pytest.skip("asks Google itself: give --live, see tests/google/live/__init__.py")
    owner = _file("PDP_LIVE_OWNER")
    if owner is None:
        pytest.skip("PDP_LIVE_OWNER is not set, see tests/google/live/__init__.py")
    made = _side(None, owner, _file("PDP_LIVE_STRANGER"))
    yield made
    made.drive.files().update(fileId=made.folder, body={"trashed": True}).execute()


def _file(name: str) -> dict[str, Any] | None:
    path = os.environ.get(name)
    return json.loads(Path(path).read_text(encoding="utf-8")) if path else None


def _side(root: str | None, owner: Mapping[str, Any], stranger: Mapping[str, Any] | None) -> Side:
    drive = clients.drive(root, owner)
    name = f"pdp likeness {datetime.now(UTC):%Y-%m-%d %H:%M:%S}"
    folder = drive.files().create(body={"name": name, "mimeType": FOLDER}, fields="id").execute()["id"]
    return Side(root, owner, stranger, drive, clients.drive(root, owner, version="v2"), folder)
