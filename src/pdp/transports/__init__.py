"""How bytes arrive: one module per transport, found by its file name. No registry.

A transport module has:
    TITLE      one line for people.
    Settings   a frozen dataclass, filled from `location` in the configuration.
    documents(settings) -> Listing                  what is there now.
    fetch(settings, document) -> ContextManager[BinaryIO]   its bytes.
Both raise SourceUnreachableError with what to do; fetch DocumentPostponedError where that one document alone can't
be taken now.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import ModuleType

from pdp.errors import ConfigError, PdpError, SourceUnreachableError, nearest


@dataclass(frozen=True)
class Document:
    """A thing at the source that can be fetched.

    Attributes:
        id: Stays the same while the document is edited in place: a path, a file id.
        name: For people.
        size: Bytes, or -1 where the source does not say.
        modified: ISO 8601 UTC time by the source's own clock, or "".
        checksum: "sha256:<hex>" or another algorithm's; a document whose checksum is known is not fetched.
    """

    id: str
    name: str
    size: int
    modified: str
    checksum: str


@dataclass(frozen=True)
class Listing:
    """What a source holds now, and what could not be taken this time.

    Attributes:
        documents: What can be fetched.
        postponed: Why a document could not be taken, by its id. What is known of it from before still counts.
        names: Names for people of the postponed ones, by id, where the id is none.
    """

    documents: tuple[Document, ...]
    postponed: dict[str, str]
    names: Mapping[str, str] = field(default_factory=dict)


def unreachable(error: PdpError) -> SourceUnreachableError:
    """A fault of what a transport asks, as the fault of the source; its cause and its cure stay."""
    return SourceUnreachableError(f"{error.where}: {error.what}" if error.where else error.what, hint=error.hint)


def names() -> list[str]:
    """The transports there are, by file name."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


def load(name: str) -> ModuleType:
    """The transport's module.

    Raises:
        ConfigError: No such transport; names the known ones and the nearest.
    """
    if name not in names():
        raise ConfigError(f'there is no transport "{name}".', hint=nearest(name, names()))
    return importlib.import_module(f"{__name__}.{name}")
