"""Which data set a request may see: the one that its server-side session holds, else the synthetic demo."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import flask

from dash_app import gateway_folder
from dash_app.gateway import Dataset
from dash_app.sessions import Sessions
from pdp.errors import PdpError

_DECIDED = "_pdp_held"


class WrongPasswordError(PdpError):
    """What was typed does not open the data."""


class BusyError(PdpError):
    """Another password is being tried; one at a time, as each takes much memory."""


class NotNowError(PdpError):
    """It can't be tried: the state can't be reached, is damaged, or there is no room."""


class Opened(Protocol):
    """The owner's data, open."""

    def dataset(self) -> Dataset:
        """It, as it stands now."""

    def close(self) -> None:
        """Drop keys and data."""


class Door(Protocol):
    """What stands between a password and the owner's data."""

    def enter(self, password: str) -> Opened:
        """Try a password.

        Raises:
            WrongPasswordError: It is not the one.
            BusyError, NotNowError: It was not tried, or what it opens can't be had now.
        """


@dataclass(frozen=True)
class SessionGateway:
    """Everybody sees the demo; who signed in sees what the session holds.

    Args:
        public: Working folder with the demo's results.
        cookie: Name of the cookie that holds a session's id.
        door: Where the owner's data is; None where there is none, so that nobody can sign in.
        sessions: Of this process.
    """

    public: Path
    cookie: str
    door: Door | None
    sessions: Sessions[Opened] = field(default_factory=Sessions)

    def dataset(self) -> Dataset:
        """See Gateway."""
        held = self._held()
        return gateway_folder.demo(self.public) if held is None else held.dataset()

    def is_signed_in(self) -> bool:
        """See Gateway."""
        return self._held() is not None

    def can_sign_in(self) -> bool:
        """See Gateway."""
        return self.door is not None

    def _held(self) -> Opened | None:
        """Decided once per request, so that one answer never has both: a session may end while it is made."""
        if not flask.has_request_context():
            return None
        if _DECIDED not in flask.g:
            setattr(flask.g, _DECIDED, self.sessions.find(flask.request.cookies.get(self.cookie)))
        held: Opened | None = getattr(flask.g, _DECIDED)
        return held
