"""The document in pdp-head: which commit holds, which data files it needs, and who is about to write which.

It is clear JSON; the commits inside are as sealed as anywhere. Only what stands under a commit's MAC is believed about
the content; a head that lies can at worst make a pull fail.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from typing import Any

from pdp.errors import StateError
from pdp.state import commit

FORMAT = 1
_MOST_COMMITS = 30  # kept in the head, newest first: history for people; the data of older ones is overwritten


@dataclass(frozen=True)
class Intent:
    """Somebody is writing: which operation, into which data files (ids)."""

    op: str
    files: tuple[str, ...]


@dataclass(frozen=True)
class Head:
    """What pdp-head says.

    Attributes:
        commits: Their bytes, newest first; empty while a state is being made.
        refers: Ids of the data files that the newest commit needs. Nobody writes them.
        intent: Who is writing the others, if anybody.
    """

    commits: tuple[bytes, ...]
    refers: tuple[str, ...]
    intent: Intent | None

    def announcing(self, intent: Intent) -> Head:
        """The same, with an intent in place of any other."""
        return Head(self.commits, self.refers, intent)

    def with_commit(self, data: bytes, refers: tuple[str, ...]) -> Head:
        """A new commit, which ends the intent."""
        return Head((data, *self.commits)[:_MOST_COMMITS], refers, None)


def write(head: Head) -> bytes:
    """The document."""
    intent = {"op": head.intent.op, "files": head.intent.files} if head.intent else None
    commits = [base64.b64encode(data).decode() for data in head.commits]
    document = {"pdp_head": FORMAT, "refers": head.refers, "intent": intent, "commits": commits}
    return json.dumps(document, indent=1).encode() + b"\n"


def read(data: bytes) -> Head:
    """The head, with its commits' links checked.

    Raises:
        StateError: Empty (no state was made here), damaged, or of a newer format.
    """
    if not data:
        raise StateError(
            "pdp-head is empty: no state was made in these files, or somebody emptied it.",
            hint="pdp state init makes a state. If there was one, restore pdp-head (Google Drive, File information, "
            "Manage versions): it is not taken for empty.",
        )
    try:
        document: dict[str, Any] = json.loads(data)
        version = document["pdp_head"]
        if type(version) is not int or version < 1:
            raise ValueError("format")
        if version > FORMAT:
            raise StateError(
                "the state was written by a newer program.", hint="Update this program and repeat the command."
            )
        intent = document["intent"]
        head = Head(
            tuple(base64.b64decode(each, validate=True) for each in document["commits"]),
            tuple(str(each) for each in document["refers"]),
            Intent(str(intent["op"]), tuple(str(each) for each in intent["files"])) if intent else None,
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, binascii.Error):
        raise StateError(
            "pdp-head is damaged: it is not what this program writes.",
            hint="Restore an earlier version of it (Google Drive, File information, Manage versions).",
        ) from None
    for child, parent in zip(head.commits, head.commits[1:], strict=False):
        commit.check_link(parent, child)
    return head
