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
from pdp.errors import ConfigError, nearest
from pdp.settings import build, option, required

ACCEPTED = Path(".snakemake/pdp/config-accepted")


@dataclass(frozen=True)
class Source:
    """One stream of exports: a transport (how bytes arrive) times a format (what they mean)."""

    transport: str = required("How the bytes arrive: a module of pdp.transports.")
    format: str = required("What the bytes mean: a module of pdp.formats.")
    location: dict[str, Any] = option({}, "Where the transport looks; its own settings.")
    settings: dict[str, Any] = option({}, "How the format reads; its own settings.")
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
        {}, "Per measure: sources (or source/device), best first, where devices overlap. Default: order of sources."
    )


@dataclass(frozen=True)
class Config:
    """Everything a run may depend on, apart from the code."""

    subjects: dict[str, Subject] = required("The people, by a short name of your choice.")
    limits: dict[str, Any] = option({}, "Other limits than the vocabulary's, per column: {possible, likely}.")
    merge: dict[str, Any] = option({}, "How overlapping readings are resolved.")
    summary: dict[str, Any] = option({}, "How days and nights are computed.")


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
    values = {key: _without_dates(value) for key, value in config.items() if key != "pathvars"}
    if command_line.get("subjects"):
        values["subjects"] = _without_dates(command_line["subjects"])
    schema_text = schema.read_bytes()
    texts = [Path(name).read_bytes() for name in files]
    stamp = hashlib.sha256(b"\0".join([schema_text, json.dumps(values).encode(), *texts])).hexdigest()
    if not (ACCEPTED.exists() and ACCEPTED.read_text() == stamp):
        _check(values, schema_text, list(zip(map(str, files), texts, strict=True)))
        ACCEPTED.parent.mkdir(parents=True, exist_ok=True)
        temporary = ACCEPTED.with_suffix(f".{os.getpid()}")
        temporary.write_text(stamp)
        temporary.replace(ACCEPTED)
    loaded = build(Config, values)
    for where, source in _sources(loaded):
        secrets.passwords(source.passwords_from, where)
    return loaded


def _without_dates(value: Any) -> Any:
    """YAML makes dates of dates; a configuration is text, numbers and truth values, so that it has one spelling."""
    if isinstance(value, Mapping):
        return {key: _without_dates(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_without_dates(each) for each in value]
    return value.isoformat() if isinstance(value, date) else value


def _sources(config: Config) -> Iterable[tuple[str, Source]]:
    for subject, person in config.subjects.items():
        for name, source in person.sources.items():
            yield f"subjects.{subject}.sources.{name}", source


def _check(values: Mapping[str, Any], schema_text: bytes, files: Sequence[tuple[str, bytes]]) -> None:
    import yaml

    from pdp.limits import Limits

    for name, text in files:
        _refuse_twins(name, text)
    schema = yaml.safe_load(schema_text)
    _check_names(values)
    _check_schema(values, schema)
    Limits.from_config(values.get("limits"))
    for subject, person in values["subjects"].items():
        _check_zones(person["time_zone"], f"subjects.{subject}.time_zone")
        for measure, order in person.get("priority", {}).items():
            for entry in order:
                if entry.split("/")[0] not in person["sources"]:
                    raise ConfigError(
                        f'"{entry}" is not a source of this subject.',
                        where=f"subjects.{subject}.priority.{measure}",
                        hint=nearest(entry.split("/")[0], person["sources"]),
                    )


def _refuse_twins(name: str, text: bytes) -> None:
    """YAML takes the last of two equal keys without a word; a source would vanish."""
    import yaml

    def walk(node: yaml.Node, path: str) -> None:
        if isinstance(node, yaml.MappingNode):
            seen: dict[str, int] = {}
            for key, value in node.value:
                line = key.start_mark.line + 1
                where = f"{path}.{key.value}" if path else str(key.value)
                if key.value in seen:
                    raise ConfigError(
                        f"stands twice, in lines {seen[key.value]} and {line} of {name}.",
                        where=where,
                        hint="Give one of them another name.",
                    )
                seen[key.value] = line
                walk(value, where)
        elif isinstance(node, yaml.SequenceNode):
            for item in node.value:
                walk(item, path)

    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        raise ConfigError(f"is not valid YAML: {error}", where=name) from error
    if root is not None:
        walk(root, "")


def _check_names(values: Mapping[str, Any]) -> None:
    """Formats and transports by name, before the schema speaks of their settings."""
    from pdp import formats, transports

    subjects = values.get("subjects")
    for subject, person in subjects.items() if isinstance(subjects, Mapping) else ():
        sources = person.get("sources") if isinstance(person, Mapping) else None
        for name, source in sources.items() if isinstance(sources, Mapping) else ():
            for kind, known in (("format", formats.names()), ("transport", transports.names())):
                chosen = source.get(kind) if isinstance(source, Mapping) else None
                if isinstance(chosen, str) and chosen not in known:
                    raise ConfigError(
                        f'there is no {kind} "{chosen}".',
                        where=f"subjects.{subject}.sources.{name}.{kind}",
                        hint=nearest(chosen, known),
                    )


def _check_schema(values: Mapping[str, Any], schema: Mapping[str, Any]) -> None:
    import jsonschema

    errors = sorted(
        jsonschema.Draft202012Validator(schema).iter_errors(values),
        key=lambda error: (len(error.absolute_path), str(error.absolute_path)),
    )
    if not errors:
        return
    error = errors[0]
    where = ".".join(map(str, error.absolute_path)) or "config"
    if error.validator == "additionalProperties":
        known = error.schema.get("properties", {})
        unknown = next(key for key in error.instance if key not in known)
        raise ConfigError("is not a key that is known here.", where=f"{where}.{unknown}", hint=nearest(unknown, known))
    if error.validator == "required":
        missing = next(key for key in error.validator_value if key not in error.instance)
        raise ConfigError(f'the key "{missing}" is missing.', where=where, hint="See config/README.md.")
    if error.validator == "enum":
        raise ConfigError(
            f"{error.instance!r} is not one of the values.",
            where=where,
            hint=nearest(str(error.instance), map(str, error.validator_value)),
        )
    if "propertyNames" in error.absolute_schema_path:
        raise ConfigError(
            f"{error.instance!r} can't be a name here.",
            where=where,
            hint="Names are lower-case letters, digits, - and _, and begin with a letter or digit.",
        )
    raise ConfigError(f"{error.message}.", where=where, hint="See config/README.md.")


def _check_zones(zones: Any, where: str) -> None:
    from pdp.timeframe import ZoneLedger

    try:
        ZoneLedger.from_config(zones)
    except ConfigError as error:
        raise ConfigError(error.what, where=where, hint=error.hint) from error
