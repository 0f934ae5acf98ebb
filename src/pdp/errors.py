"""Errors that say what happened, where, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class PdpError(Exception):
    """A fault a person can act on.

    Args:
        what: One sentence, no measured value, no secret.
        where: The config key, file or table it is about; put first in the text.
        hint: What to do; put last.
    """

    def __init__(self, what: str, *, where: str = "", hint: str = "") -> None:
        self.what, self.where, self.hint = what, where, hint
        super().__init__(" ".join(part for part in (f"{where}:" if where else "", what, hint) if part))


class ConfigError(PdpError):
    """The configuration can't be used. Nothing has run."""


class SourceUnreachableError(PdpError):
    """A transport could not list or fetch. The source keeps its last manifest."""


class DocumentPostponedError(SourceUnreachableError):
    """One document could not be taken this time; the others of its source can."""


class UnreadableExportError(PdpError):
    """An export as a whole can't be read: a value of normalize, not a failed job.

    Args:
        reason: A short code that counts can be kept by, such as "wrong_password".
    """

    def __init__(self, reason: str, what: str, *, hint: str = "") -> None:
        self.reason = reason
        super().__init__(what, hint=hint)


class DamagedMemberError(UnreadableExportError):
    """One file inside an export can't be read to its end; the others can."""

    def __init__(self, member: str, reason: str, what: str, *, hint: str = "") -> None:
        self.member = member
        super().__init__(reason, what, hint=hint)


class LedgerGapError(ConfigError):
    """A local time precedes the subject's zone ledger."""


class StoreError(PdpError):
    """An artifact can't be written or read: disk full, no permission, altered bytes."""


class ConservationError(PdpError):
    """Rows went in that did not come out under any name. A fault of the program."""


class RegistryError(PdpError):
    """The lineage registry has no answer or can't be read."""


class GoogleError(PdpError):
    """Google refused, failed or could not be asked, after what could be tried again was tried again.

    Args:
        reason: A short code: not_signed_in, bad_credentials, expired, clock, not_shared, not_found, no_permission,
            api_disabled, rate_limited, quota, unavailable, unreachable, conflict, damaged_download,
            damaged_upload, refused.
    """

    def __init__(self, reason: str, what: str, *, where: str = "", hint: str = "") -> None:
        self.reason = reason
        super().__init__(what, where=where, hint=hint)


class StateError(PdpError):
    """The state can't be read or written; nothing local or remote was changed by the attempt."""


class StateConflictError(StateError):
    """Another machine wrote first. What it wrote is read, united with what is here, and tried again."""


def nearest(name: str, known: Iterable[str]) -> str:
    """A hint that lists the known names and the one most like `name`."""
    names = sorted(known)
    close = get_close_matches(name, names, n=1, cutoff=0.5)
    guess = f' Did you mean "{close[0]}"?' if close else ""
    return f"Known: {', '.join(names) or 'none'}.{guess}"
