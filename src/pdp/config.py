"""The configuration: read once, checked against the schema, handed on as frozen objects.

Checks are remembered by the digest of what was checked, so that a run with an accepted
configuration pays one hash for them. The schema is made from the Settings dataclasses
(`python -m pdp.config_schema`), so a key and its check can't drift apart.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from pdp import secrets
from pdp.errors import ConfigError
from pdp.settings import build, option, required

ACCEPTED = Path(".snakemake/pdp/config-accepted")


@dataclass(frozen=True)
class Source:
    """One stream of exports: a transport (how bytes arrive) times a format (what they mean)."""

    transport: str = required("How the bytes arrive: a module of pdp.transports.")
    format: str = required("What the bytes mean: a module of pdp.formats.")
    location: dict[str, Any] = option({}, "Where the transport looks; its own settings.")
    settings: dict[str, Any] = option({}, "How the format reads; its own settings.")
    time_zone: Any = option(None, "Zones of this source's clock, where it is not the subject's; the same two forms.")
    device: str = option("", "Name of the device, where the export itself names none.")
    passwords_from: tuple[str, ...] = option(
        (), "Names of environment variables that hold passwords of encrypted exports; each is tried in turn."
    )
    on_unreachable: str = option(
        "keep", "A source that can't be polled: keep its last state and say so, or fail.", choices=("keep", "fail")
    )
    on_unreadable: str = option(
        "keep", "An export that can't be read: go on without it and say so, or fail.", choices=("keep", "fail")
    )
    on_gone: str = option(
        "drop",
        "A document that vanished from the source: drop its rows from the data set (raw bytes stay), or keep them.",
        choices=("drop", "keep"),
    )


@dataclass(frozen=True)
class Subject:
    """A person: where they live, and where their data comes from."""

    time_zone: Any = required(
        "IANA zone of the local times, or a list of {zone, since}: since is the local time, in the new zone, "
        "from which it holds."
    )
    sources: dict[str, Source] = required("The person's sources by name, the most trusted first.")
    priority: dict[str, tuple[str, ...]] = option(
        {},
        "Per measure: sources (or source/device), best first, where devices overlap. Default: order of sources, and "
        "inside a source the device with the most readings.",
    )
    events: Any = option(
        "",
        "What happened when (medicines, illnesses, journeys): a CSV with the columns date, kind, text, or a list of "
        "the same. Shown on charts; for each, the weeks before and after are compared.",
    )

    name: str = option("", "The person's name on the report for the doctor. Default: the short name.")
    born: str = option("", "Date or year of birth on the report for the doctor, as you would write it.")

    @property
    def events_file(self) -> list[str]:
        """The CSV of the events, if one is named."""
        return [str(Path(self.events).expanduser())] if self.events and isinstance(self.events, str) else []

    @property
    def events_told(self) -> list[dict[str, Any]]:
        """The events that stand in the configuration itself."""
        return [] if isinstance(self.events, str) else list(self.events)


@dataclass(frozen=True)
class OpenLineage:
    """A server that is told of every run: docs/interchange.md."""

    url: str = option("", "The server, such as http://localhost:5000. Empty: nothing is sent.")
    namespace: str = option("pdp", "Of jobs and data sets there.")
    api_key_from: str = option("", "Name of the environment variable that holds the server's key.")
    repository: str = option(
        "",
        "Web address of the repository with this code, such as https://github.com/ada/pdp: events then say where the "
        "code of each job is.",
    )


@dataclass(frozen=True)
class Config:
    """Everything a run may depend on, apart from the code."""

    subjects: dict[str, Subject] = required("The people, by a short name of your choice.")
    limits: dict[str, Any] = option({}, "Other limits than the vocabulary's, per column: {possible, likely}.")
    merge: dict[str, Any] = option({}, "How overlapping readings are resolved.")
    summary: dict[str, Any] = option({}, "How days and nights are computed.")
    home_bp: dict[str, Any] = option({}, "How home blood pressure is averaged and judged.")
    as_of: str = option(
        "",
        "Build what was known on a day or at a time (2026-10-01, 2026-10-01T18:30) into results/as_of/<day>, beside "
        "the present. For the command line: --config as_of=2026-10-01.",
    )
    openlineage: OpenLineage = option(
        OpenLineage,
        "Where runs are told to other programs, without values and names. OPENLINEAGE_URL in the environment goes "
        "before all of it.",
    )


def load(
    config: Mapping[str, Any], command_line: Mapping[str, Any], files: Sequence[str | Path], schema: Path
) -> Config:
    """Check the merged configuration and build it.

    Args:
        config: What Snakemake merged from config files and --config.
        command_line: What --configfile and --config gave; its subjects replace the demo's.
        files: The config files, looked at for keys that stand twice.
        schema: workflow/schemas/config.schema.yaml.

    Raises:
        ConfigError: With the key's path, what is wrong and the nearest known name.
    """
    values = {key: _plain(value, key) for key, value in config.items() if key != "pathvars"}
    if command_line.get("subjects"):
        values["subjects"] = _plain(command_line["subjects"], "subjects")
    schema_text = schema.read_bytes()
    texts = [Path(name).read_bytes() for name in files]
    stamp = hashlib.sha256(b"\0".join([schema_text, json.dumps(values, default=str).encode(), *texts])).hexdigest()
    if not (ACCEPTED.exists() and ACCEPTED.read_text() == stamp):
        from pdp.config_check import check

        check(values, schema_text, list(zip(map(str, files), texts, strict=True)))
        ACCEPTED.parent.mkdir(parents=True, exist_ok=True)
        temporary = ACCEPTED.with_suffix(f".{os.getpid()}")
        temporary.write_text(stamp)
        temporary.replace(ACCEPTED)
    loaded = build(Config, values)
    for where, source in _sources(loaded):
        secrets.passwords(source.passwords_from, f"{where}.passwords_from")
    if loaded.openlineage.api_key_from:
        secrets.passwords([loaded.openlineage.api_key_from], "openlineage.api_key_from")
    for subject, person in loaded.subjects.items():
        for file in person.events_file:
            if not Path(file).is_file():
                raise ConfigError(
                    f'there is no file "{file}".',
                    where=f"subjects.{subject}.events",
                    hint="Name a CSV with the columns date, kind, text, or take the key out.",
                )
    return loaded


def _plain(value: Any, where: str) -> Any:
    """The value with text for keys and for dates, which YAML makes of what looks like one: one spelling for all."""
    if isinstance(value, Mapping):
        for key in value:
            if not isinstance(key, str):
                raise ConfigError(
                    f'one of the keys, "{str(key).lower()}", is not text.',
                    where=where,
                    hint="Put it in quotes: YAML takes numbers, yes, no, on and off for something else.",
                )
        return {key: _plain(each, f"{where}.{key}") for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each, where) for each in value]
    return value.isoformat() if isinstance(value, date) else value


def _sources(config: Config) -> Iterable[tuple[str, Source]]:
    for subject, person in config.subjects.items():
        for name, source in person.sources.items():
            yield f"subjects.{subject}.sources.{name}", source
