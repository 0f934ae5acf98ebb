"""Whose file it is and of which source: from the configuration, as a run would read it, and from the file itself."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from difflib import SequenceMatcher
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import Any

from pdp import config_check, forgotten, formats, secrets
from pdp.config import Config, Source, Subject
from pdp.errors import ConfigError, PdpError, nearest
from pdp.forgotten import Forgotten
from pdp.lineage import manifests
from pdp.lineage.manifests import Manifest
from pdp.settings import build
from pdp.transports.folder import UNFINISHED

OWN = Path("config/config.yaml")
SCHEMA = Path("workflow/schemas/config.schema.yaml")
NO_SOURCE = "preview"  # what a source is called that the configuration does not have


@dataclass(frozen=True)
class Owner:
    """Whose the file would be.

    Attributes:
        config: All of it.
        name: The subject's.
        manifests: Of the subject, by source.
        forgotten: What the subject had erased.
    """

    config: Config
    name: str
    manifests: Mapping[str, Manifest]
    forgotten: Forgotten

    @property
    def person(self) -> Subject:
        """The subject's part of the configuration."""
        return self.config.subjects[self.name]

    def passwords_at_hand(self, source: str | None) -> tuple[str, ...]:
        """Passwords of one source, or of all, as far as their variables are set: to see what is in a zip."""
        meant = [one for name, one in self.person.sources.items() if source in (None, name)]
        named = [name for one in meant for name in one.passwords_from]
        return tuple(dict.fromkeys(os.environ[name] for name in named if os.environ.get(name)))


@dataclass(frozen=True)
class Chosen:
    """The source that the file is read as one of.

    Attributes:
        name: The source's; NO_SOURCE where the configuration has none that reads such files.
        settings: Its part of the configuration; with another format than its own its settings are left out.
        others: Further sources that might as well be meant.
    """

    name: str
    settings: Source
    is_configured: bool
    others: tuple[str, ...]

    def passwords(self, owner: Owner) -> tuple[str, ...]:
        """Passwords that a run would try.

        Raises:
            ConfigError: A variable is not set.
        """
        where = f"subjects.{owner.name}.sources.{self.name}.passwords_from"
        return secrets.passwords(self.settings.passwords_from, where)

    def place_of(self, file: Path) -> str:
        """What a document is called by if the file is one: where it lies in the source's folder; "" elsewhere."""
        return _place(file, self.settings) if self.is_configured else ""

    def would_not_be_taken(self, file: str) -> str:
        """Why the source would pass over a file of this name; "" if it would not."""
        pattern = str(self.settings.location.get("pattern") or "")
        if not self.is_configured:
            return ""
        if self.settings.transport == "google_sheets":
            return f"the source {self.name} is a Google Sheet: what is taken is the sheet, not a file"
        if file.startswith((".", "~$")) or PurePosixPath(file).suffix.lower() in UNFINISHED:
            return "its name is that of a hidden or unfinished file, which no source takes"
        last = PurePosixPath(pattern.replace("**", "*")).name
        if last and not fnmatchcase(file, last):
            return f"the source {self.name} takes only what matches its pattern ({pattern})"
        return ""


def owner(root: Path, configfile: Path | None, subject: str | None) -> Owner:
    """The configuration as a run with the same file has it, and whose part of it is meant.

    Raises:
        ConfigError: It can't be used, or does not say whose.
    """
    config = load(root.absolute().parent, configfile)
    names = list(config.subjects)
    if subject is None and len(names) > 1:
        raise ConfigError(f"the configuration has several subjects: {', '.join(names)}.", hint="Say --subject NAME.")
    name = subject if subject is not None else names[0]
    if name not in names:
        raise ConfigError(f'there is no subject "{name}".', where="--subject", hint=nearest(name, names))
    own = {one.source: one for one in manifests.every(root) if one.subject == name}
    return Owner(config, name, own, forgotten.read(root.absolute().parent / manifests.RAW / name))


def load(base: Path, configfile: Path | None) -> Config:
    """config/config.yaml with the file over it, checked; nothing is written, and no password is asked for.

    Raises:
        ConfigError: With the key's path and what is wrong.
    """
    files = [base / OWN, *([configfile] if configfile else [])]
    texts = [(str(file), file.read_bytes()) for file in files if file.is_file()]
    schema = base / SCHEMA
    if not texts or not schema.is_file():
        what = "there is no configuration here."
        hint = "Go to the folder of the project, or say where its results are: --results FOLDER."
        raise ConfigError(what, where=str(base), hint=hint)
    values: dict[str, Any] = {}
    for name, text in texts:
        own = _plain(name, text)
        _lay_over(values, own)
        values |= {"subjects": own["subjects"]} if own.get("subjects") else {}
    values.pop("as_of", None)
    config_check.check(values, schema.read_bytes(), texts)
    return build(Config, values)


def _plain(name: str, text: bytes) -> dict[str, Any]:
    import yaml

    config_check.check_file(name, text)
    told = yaml.safe_load(text) or {}
    if not isinstance(told, dict):
        raise ConfigError("must be keys with values.", where=name, hint="See config/README.md.")
    try:
        plain: dict[str, Any] = json.loads(json.dumps(told, default=_date))
    except TypeError:
        raise ConfigError("one of the keys is not text.", where=name, hint="Put it in quotes.") from None
    return plain


def _date(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError


def _lay_over(values: dict[str, Any], more: Mapping[str, Any]) -> None:
    for key, value in more.items():
        if isinstance(value, Mapping) and isinstance(values.get(key), dict):
            _lay_over(values[key], value)
        else:
            values[key] = value


def choose(owner: Owner, file: Path, looks_like: Sequence[str], source: str | None, format: str | None) -> Chosen:
    """The source that is named, or the one that the file is most likely of.

    Args:
        owner: Whose.
        file: Its place and name may tell the source.
        looks_like: Formats that recognise it.
        source: As asked for.
        format: As asked for; counts before what the file looks like, and before the source's own.

    Raises:
        ConfigError: No such source or format.
        PdpError: It is not recognised and nothing is named.
    """
    sources = owner.person.sources
    if format is not None:
        formats.load(format)
    if source is not None:
        if source not in sources:
            raise ConfigError(f'there is no source "{source}".', where="--source", hint=nearest(source, sources))
        return Chosen(source, _as(sources[source], format), True, ())
    wanted = [format] if format else list(looks_like)
    if not wanted:
        raise PdpError("is not recognised.", hint="Say --source or --format.")
    able = [name for name in sources if sources[name].format in wanted]
    if not able:
        return Chosen(NO_SOURCE, Source(transport="folder", format=wanted[0]), False, ())
    able.sort(key=lambda name: (not _lies_in(file, sources[name]), -_likeness(file.name, owner.manifests.get(name))))
    return Chosen(able[0], sources[able[0]], True, tuple(able[1:]))


def _as(source: Source, format: str | None) -> Source:
    return source if format in (None, source.format) else replace(source, format=str(format), settings={})


def _lies_in(file: Path, source: Source) -> bool:
    return bool(_place(file, source))


def _place(file: Path, source: Source) -> str:
    """Where it lies below the folder of a source, with slashes; "" if elsewhere."""
    if source.transport != "folder":
        return ""
    folder = Path(os.path.expandvars(str(source.location.get("path", "")))).expanduser().resolve()
    place = file.resolve()
    return place.relative_to(folder).as_posix() if place.is_relative_to(folder) else ""


def _likeness(file: str, known: Manifest | None) -> float:
    """How much a file's name is like those of a source's documents, 0 to 1: exports of one app are called alike."""
    names = [str(document.get("name")) for document in known.documents] if known else []
    return max((SequenceMatcher(None, file, name).ratio() for name in names), default=0.0)
