"""The owner's files of the fixed form: found by name once, read whole, written only if nobody wrote in between."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from functools import cached_property

from pdp.errors import GoogleError, StateError
from pdp.google.content import CHECKSUM_FIELDS
from pdp.google.drive import Drive
from pdp.state import remote
from pdp.state.backends import Step
from pdp.state.remote import WHERE, stepped

HEAD, KEYS, DATA = "pdp-head", "pdp-keys", "pdp-data-"
_NAME = re.compile(rf"{HEAD}|{KEYS}|{DATA}[1-9][0-9]{{0,3}}")
_LEAST_DATA_FILES = 4  # a pack and a tree, twice


@dataclass(frozen=True)
class About:
    """A file: bytes, SHA-256 in hex ("" of one in the trash), whether it is in the trash."""

    size: int
    sha256: str
    trashed: bool


class FixedFiles:
    """The files of one folder. Raises GoogleError and StateError."""

    def __init__(self, drive: Drive, folder: str, step: Step) -> None:
        self._drive, self._folder, self._step = drive, folder, step

    @cached_property
    def ids(self) -> dict[str, str]:
        """Ids by name, data files in the order of their numbers.

        Raises:
            StateError: A file is missing, or two have the same name.
        """
        folder = self._folder.replace("\\", "").replace("'", "")  # it comes from the environment
        with stepped(self._step, "listing the folder"):
            found = list(self._drive.files(f"'{folder}' in parents and trashed = false", "id,name"))
        ours = [(str(file["name"]), str(file["id"])) for file in found if _NAME.fullmatch(str(file["name"]))]
        twice = sorted(name for name, count in Counter(name for name, _ in ours).items() if count > 1)
        if twice:
            raise StateError(
                f"there are two files called {', '.join(twice)} in the folder; which is the right one is not guessed.",
                where=WHERE,
                hint="Look at their versions and owners in Google Drive and move the wrong one away.",
            )
        ids = dict(sorted(ours, key=lambda file: (len(file[0]), file[0])))
        missing = [name for name in (HEAD, KEYS) if name not in ids]
        if missing or not any(name.startswith(DATA) for name in ids):
            who = self._drive.identity.address or "the account that is signed in"
            wanted = [HEAD, KEYS, *(f"{DATA}{n}" for n in range(1, _LEAST_DATA_FILES + 1))]
            raise StateError(
                f"the folder does not hold {' and '.join(missing) or 'any data file'}, as far as {who} may see.",
                where=WHERE,
                hint=f"Upload empty files called {', '.join(wanted)} into it and share the folder with {who} as "
                "Editor. If there was a state, look for them in the trash instead: nothing is taken for empty.",
            )
        return ids

    def data_names(self) -> list[str]:
        """pdp-data-1, ... as far as they are there."""
        return [name for name in self.ids if name.startswith(DATA)]

    def read(self, name: str) -> bytes:
        """A file's bytes."""
        return self.read_id(self.ids[name], name)

    def read_id(self, id: str, what: str) -> bytes:
        """The same, by its id."""
        with stepped(self._step, f"reading {what}"):
            return remote.read_whole(self._drive, id, what)

    def etag(self, name: str) -> str:
        """What changes whenever the file does."""
        with stepped(self._step, f"asking for the etag of {name}"):
            return self._drive.etag(self.ids[name])

    def read_with_etag(self, name: str) -> tuple[str, bytes]:
        """Etag, then bytes: if they are newer than the etag, a write under it fails, which is the safe side."""
        etag = self.etag(name)
        return etag, self.read(name)

    def write_if(self, name: str, etag: str, data: bytes) -> str | None:
        """Write if the file is still at `etag`; the new etag, or None where somebody was first."""
        try:
            with stepped(self._step, f"writing {name}"):
                return self._drive.update_if(self.ids[name], etag, data)
        except GoogleError as error:
            if error.reason == "conflict":
                return None
            raise

    def about(self, id: str) -> About:
        """A file's size, SHA-256 and whether it is in the trash."""
        about = self._drive.get(id, f"{CHECKSUM_FIELDS},trashed")
        is_trashed = bool(about.get("trashed"))
        sha256 = "" if is_trashed else remote.sha256_of(self._drive, id, about)
        return About(int(about.get("size", 0)), sha256, is_trashed)
