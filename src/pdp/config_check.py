"""What is refused in a configuration, and how that is said: the key's path, what is wrong, what to do.

Values are not repeated unless they are names (of keys, zones, formats): a path, an id or, by mistake, a password
may stand anywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pdp.errors import ConfigError, nearest

_README = "See config/README.md."
_KINDS = {
    "object": "keys with values",
    "array": "a list",
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "null": "empty",
}


def check(values: Mapping[str, Any], schema_text: bytes, files: Sequence[tuple[str, bytes]]) -> None:
    """Everything about a configuration that can be wrong before any data is seen.

    Args:
        values: The merged configuration, plain (see pdp.config).
        schema_text: workflow/schemas/config.schema.yaml.
        files: Name and bytes of the files that it was merged from.

    Raises:
        ConfigError: The first fault, that of the outermost key first.
    """
    import yaml

    for name, text in files:
        check_file(name, text)
    _check_names(values)
    _check_schema(values, yaml.safe_load(schema_text))
    _check_settings(values)
    for subject, person in values["subjects"].items():
        for measure, order in person.get("priority", {}).items():
            for entry in order:
                if entry.split("/")[0] not in person["sources"]:
                    raise ConfigError(
                        f'"{entry}" is not a source of this subject.',
                        where=f"subjects.{subject}.priority.{measure}",
                        hint=nearest(entry.split("/")[0], person["sources"]),
                    )


def check_file(name: str, text: bytes) -> None:
    """That it is YAML, and that no key stands twice: YAML takes the last without a word, and a source would vanish.

    Raises:
        ConfigError: With the file and the line, or the key and its lines.
    """
    import yaml

    walked: set[int] = set()

    def walk(node: yaml.Node, path: str) -> None:
        if id(node) in walked:  # an alias
            return
        walked.add(id(node))
        if isinstance(node, yaml.MappingNode):
            seen: dict[str, int] = {}
            for key, value in node.value:
                line = key.start_mark.line + 1
                where = f"{path}.{key.value}" if path else str(key.value)
                if isinstance(key, yaml.ScalarNode) and key.value != "<<":
                    if key.value in seen:
                        lines = f"lines {seen[key.value]} and {line}" if seen[key.value] != line else f"line {line}"
                        hint = "Take one of them out, or give it another name."
                        raise ConfigError(f"stands twice, in {lines} of {name}.", where=where, hint=hint)
                    seen[key.value] = line
                walk(value, where)
        elif isinstance(node, yaml.SequenceNode):
            for item in node.value:
                walk(item, path)

    try:
        root = yaml.compose(text.decode("utf-8-sig"), Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        raise _not_yaml(name, text, error) from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        what = f"is no text that YAML can hold ({getattr(error, 'reason', type(error).__name__)})."
        raise ConfigError(what, where=name, hint="Save it as UTF-8 text.") from None
    if not isinstance(root, yaml.MappingNode):
        found = "is empty" if root is None else "holds no keys"
        raise ConfigError(f"{found}; it must say whose data there is, under subjects.", where=name, hint=_README)
    walk(root, "")


# What the parser says, and what a person sees.
_YAML_FAULTS = (
    ("expected <block end>", "its indentation does not fit the lines above"),
    ("mapping values are not allowed", "a colon stands where none may, or one is missing above"),
    ("found unexpected end of stream", "a quote is opened and not closed"),
    ("<stream end>", "a bracket is opened and not closed"),
)


def _not_yaml(name: str, text: bytes, error: Any) -> ConfigError:
    mark = error.problem_mark or error.context_mark
    line = mark.line + 1
    begun = error.context_mark.line + 1 if error.context_mark else line
    since = f" (in what begins in line {begun})" if begun != line else ""
    written = "".join(text.decode("utf-8", "replace").splitlines()[line - 1 : line])
    if "\t" in written[: len(written) - len(written.lstrip())]:
        what = f"line {line} is not valid YAML: it begins with a tab."
        return ConfigError(what, where=name, hint="Indent with spaces, not with tabs.")
    problem = next((said for part, said in _YAML_FAULTS if part in error.problem), error.problem)
    what = f"line {line} is not valid YAML: {problem}{since}."
    return ConfigError(what, where=name, hint="Look there and in the lines above.")


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
        map(_innermost, jsonschema.Draft202012Validator(schema).iter_errors(values)),
        # of two about the same key, the one that knows what belongs there
        key=lambda error: (
            len(error.absolute_path),
            list(map(str, error.absolute_path)),
            "properties" not in error.schema,
        ),
    )
    if errors:
        raise _told(errors[0])


def _innermost(error: Any) -> Any:
    """Of an error about alternatives, the one inside the alternative that was meant."""
    deeper = [each for each in error.context or () if len(each.absolute_path) > len(error.absolute_path)]
    deeper += [each for each in error.context or () if each.validator not in ("type", "anyOf") and each not in deeper]
    return _innermost(deeper[0]) if deeper else error


def _told(error: Any) -> ConfigError:
    """An error of the schema in words."""
    path, schema, found = list(error.absolute_path), error.schema, error.instance
    where = _path(path)
    if error.validator == "additionalProperties":
        known = schema.get("properties", {})
        unknown = next(key for key in found if key not in known)
        hint = nearest(unknown, known) if known else "There are no keys here."
        return ConfigError("is not a key that is known here.", where=_path([*path, unknown]), hint=hint)
    if error.validator == "required":
        missing = next(key for key in error.validator_value if key not in found)
        return ConfigError(f'the key "{missing}" is missing.', where=where, hint=_README)
    if "enum" in schema:
        return ConfigError(
            f'"{found}" is not one of the values.' if isinstance(found, str) else "is not one of the values.",
            where=where,
            hint=nearest(str(found), map(str, schema["enum"])),
        )
    if "propertyNames" in error.absolute_schema_path:
        return ConfigError(
            f'"{found}" can\'t be a name here.',
            where=where,
            hint="Names are lower-case letters, digits, - and _, and begin with a letter or digit.",
        )
    hint = "Write [low, high]." if path[:1] == ["limits"] else str(schema.get("description") or _README)
    if error.validator in ("minItems", "maxItems"):
        return ConfigError(f"must have {error.validator_value} entries, not {len(found)}.", where=where, hint=hint)
    if error.validator == "minProperties":
        return ConfigError("is empty; there must be at least one.", where=where, hint=hint)
    if error.validator in ("type", "anyOf"):
        return ConfigError(_mismatch(schema, found), where=where, hint=_advice(schema, found) or hint)
    return ConfigError(f"{error.message}.", where=where, hint=_README)


def _path(path: Sequence[str | int]) -> str:
    """Keys joined by points; places in a list are counted from 1."""
    text = ""
    for part, before in zip(path, ("", *path), strict=False):
        if isinstance(part, int):
            text += f", entry {part + 1}"
        else:
            text += f"{', ' if isinstance(before, int) else '.' if before else ''}{part}"
    return text


def _expected(schema: Mapping[str, Any]) -> list[str]:
    if "anyOf" in schema:
        return [kind for each in schema["anyOf"] for kind in _expected(each)]
    return [schema["type"]] if "type" in schema else []


def _mismatch(schema: Mapping[str, Any], found: Any) -> str:
    wanted = " or ".join(_KINDS[kind] for kind in _expected(schema))
    if found is None:
        return f"is empty; it must be {wanted}."
    kinds = {bool: "boolean", int: "number", float: "number", str: "string", list: "array", dict: "object"}
    return f"must be {wanted}, not {_KINDS[kinds[type(found)]]}."


def _advice(schema: Mapping[str, Any], found: Any) -> str:
    wanted = _expected(schema)
    if "string" in wanted and isinstance(found, bool | int | float):
        return "Put it in quotes: YAML takes numbers, yes, no, on and off for something else than text."
    if wanted == ["array"] and isinstance(found, str):
        return "Put it in brackets: [...]."
    if wanted == ["object"] and schema.get("properties"):
        return f"Known: {', '.join(sorted(schema['properties']))}."
    return ""


def _check_settings(values: Mapping[str, Any]) -> None:
    """What the settings refuse themselves, under the key where it stands."""
    from pdp import events, formats, transports
    from pdp.home_bp.home_bp_settings import HomeBpSettings
    from pdp.limits import Limits
    from pdp.merge import MergeSettings
    from pdp.settings import build
    from pdp.summarize.summary_settings import SummarySettings
    from pdp.timeframe import ZoneLedger

    Limits.from_config(values.get("limits"))
    _at("", lambda: build(SummarySettings, values.get("summary", {})))
    _at("", lambda: build(HomeBpSettings, values.get("home_bp", {})))
    for measure, chosen in values.get("merge", {}).items():
        _at(f"merge.{measure}", lambda chosen=chosen: build(MergeSettings, chosen))  # type: ignore[misc]
    for subject, person in values["subjects"].items():
        zones = person["time_zone"]
        _at(f"subjects.{subject}", lambda zones=zones: ZoneLedger.from_config(zones))  # type: ignore[misc]
        if isinstance(told := person.get("events"), list):
            _at(f"subjects.{subject}", lambda told=told: events.from_config(told))  # type: ignore[misc]
        for name, source in person["sources"].items():
            where = f"subjects.{subject}.sources.{name}"
            if own := source.get("time_zone"):
                _at(where, lambda own=own: ZoneLedger.from_config(own))  # type: ignore[misc]
            for key, cls in (
                ("settings", formats.load(source["format"]).Settings),
                ("location", transports.load(source["transport"]).Settings),
            ):
                chosen = source.get(key, {})
                _at(f"{where}.{key}", lambda cls=cls, chosen=chosen: build(cls, chosen))  # type: ignore[misc]


def _at(where: str, make: Callable[[], object]) -> None:
    try:
        make()
    except ConfigError as error:
        path = ".".join(part for part in (where, error.where) if part)
        raise ConfigError(error.what, where=path, hint=error.hint) from error
