"""The owner's results in this folder, shown to this machine alone (`python -m dash_app --private`)."""

from __future__ import annotations

import hmac
import os
from dataclasses import dataclass
from pathlib import Path

from dash_app import gateway_folder, gateway_state
from dash_app.gateway import Dataset
from dash_app.gateway_demo import DEMO
from dash_app.gateway_session import Door, Opened, WrongPasswordError
from pdp.errors import ConfigError, PdpError
from pdp.state import memory
from pdp.state.secret import PASSWORD, Password


@dataclass(frozen=True)
class FolderGateway:
    """A person's results, without any sign-in. For an address that only this machine can reach.

    Args:
        root: Working folder.
        subject: Whose.
    """

    root: Path
    subject: str

    def dataset(self) -> Dataset:
        """See Gateway."""
        return gateway_folder.dataset(self.root, self.subject, is_synthetic=False)

    def is_signed_in(self) -> bool:
        """Nobody needs to."""
        return False

    def can_sign_in(self) -> bool:
        """Nobody needs to."""
        return False


@dataclass(frozen=True)
class FolderOpened:
    """A folder whose owner has shown to know the password; nothing was unsealed, so nothing is dropped."""

    root: Path
    subject: str

    def dataset(self) -> Dataset:
        """See Opened."""
        return gateway_folder.dataset(self.root, self.subject, is_synthetic=False)

    def close(self) -> None:
        """See Opened."""


@dataclass(frozen=True, repr=False)
class PasswordDoor:
    """The results of this folder behind the password of the environment."""

    root: Path
    subject: str
    password: Password

    def enter(self, password: str) -> Opened:
        """See Door."""
        try:
            is_right = hmac.compare_digest(Password(password).encoded(), self.password.encoded())
        except PdpError:
            is_right = False
        if not is_right:
            raise WrongPasswordError("the password is wrong.")
        return FolderOpened(self.root, self.subject)


@dataclass(frozen=True)
class KeyringDoor:
    """The results of this folder behind the password of its state; nothing but the keyring is read there."""

    root: Path
    subject: str
    address: str

    def enter(self, password: str) -> Opened:
        """See Door."""
        with gateway_state.one_at_a_time():
            gateway_state.unlock(gateway_state.backend_at(self.address), password)
        return FolderOpened(self.root, self.subject)


def door(root: Path, subject: str) -> Door | None:
    """What the results of this folder lie behind: PDP_STATE_PASSWORD, else the password of its state; None: nothing."""
    if given := os.environ.get(PASSWORD):
        return PasswordDoor(root, subject, Password(given))
    try:
        return KeyringDoor(root, subject, memory.address(root))
    except ConfigError:
        return None


def subject_of(root: Path, wanted: str | None) -> str:
    """Whose results to show.

    Raises:
        ConfigError: Nobody's are here, not theirs, or several people's and none was named.
    """
    there = [subject for subject in gateway_folder.subjects(root) if subject != DEMO]
    known = f"Here are results of: {', '.join(there)}." if there else "Run the workflow with your own config first."
    if wanted is not None:
        if wanted not in there:
            raise ConfigError(f'there are no results of "{wanted}".', where="--subject", hint=known)
        return wanted
    if len(there) != 1:
        what = "several people have results here." if there else "there are no results but the demo's."
        raise ConfigError(what, where="--private", hint=f"Name one with --subject. {known}" if there else known)
    return there[0]
