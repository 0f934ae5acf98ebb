"""The schema of the configuration and its page for people, made from the Settings dataclasses.

`python -m pdp.config_schema` writes workflow/schemas/config.schema.yaml and the table of keys in
config/README.md; a test fails, and prints this command, when they no longer agree with the code.
"""

from __future__ import annotations

import dataclasses
import sys
import types
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pdp import formats, transports
from pdp.config import Config, Source, Subject
from pdp.vocabulary import MEASURES

SCHEMA = Path("workflow/schemas/config.schema.yaml")
README = Path("config/README.md")
COMMAND = "python -m pdp.config_schema"
NAME = "^[a-z0-9][a-z0-9_-]*$"
_BEGIN, _END = "<!-- keys: begin (made by `python -m pdp.config_schema`) -->", "<!-- keys: end -->"


def schema() -> dict[str, Any]:
    """The JSON Schema of a configuration: closed objects, and a description for every key."""
    from pdp.home_bp.home_bp_settings import HomeBpSettings
    from pdp.merge import MergeSettings
    from pdp.summarize.summary_settings import SummarySettings

    source = _object(Source)
    source["properties"]["format"]["enum"] = formats.names()
    source["properties"]["transport"]["enum"] = transports.names()
    source["allOf"] = [
        *_when("format", "settings", {name: formats.load(name).Settings for name in formats.names()}),
        *_when("transport", "location", {name: transports.load(name).Settings for name in transports.names()}),
    ]
    zones = {"anyOf": [{"type": "string"}, _list(_zone())]}
    source["properties"]["time_zone"] = _described(Source, "time_zone", zones)
    subject = _object(Subject)
    subject["properties"]["time_zone"] = _described(Subject, "time_zone", zones)
    subject["properties"]["sources"] = _described(Subject, "sources", _map(NAME, source) | {"minProperties": 1})
    subject["properties"]["priority"] = _described(Subject, "priority", _measures(_list({"type": "string"})))
    subject["properties"]["events"] = _described(Subject, "events", {"anyOf": [{"type": "string"}, _list(_event())]})
    whole = _object(Config)
    whole["properties"]["subjects"] = _described(Config, "subjects", _map(NAME, subject) | {"minProperties": 1})
    whole["properties"]["limits"] = _described(Config, "limits", _limits())
    merge = _object(MergeSettings)
    merge["properties"].pop("priority", None)
    whole["properties"]["merge"] = _described(Config, "merge", _measures(merge))
    whole["properties"]["summary"] = _described(Config, "summary", _object(SummarySettings))
    whole["properties"]["home_bp"] = _described(Config, "home_bp", _object(HomeBpSettings))
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Configuration of PDP", **whole}


def schema_text() -> str:
    """The schema as it stands in the repository."""
    import yaml

    dumped = yaml.safe_dump(schema(), sort_keys=False, allow_unicode=True, width=110)
    return f"# Made by `{COMMAND}` from the Settings dataclasses. Don't edit.\n{dumped}"


def table() -> str:
    """Every key as rows of a Markdown table."""
    rows = ["| key | type | default | unit | what it means |", "|---|---|---|---|---|"]
    for path, node, is_required in _walk(schema(), ""):
        default = "required" if is_required else _shown(node.get("default"))
        kind = " or ".join(map(str, _types(node)))
        rows.append(f"| `{path}` | {kind} | {default} | {node.get('x-unit', '')} | {node.get('description', '')} |")
    return "\n".join(rows)


def readme_text(current: str) -> str:
    """config/README.md with its table of keys renewed."""
    before, rest = current.split(_BEGIN)
    _, after = rest.split(_END)
    return f"{before}{_BEGIN}\n{table()}\n{_END}{after}"


def _object(cls: type) -> dict[str, Any]:
    hints = typing.get_type_hints(cls)
    fields = dataclasses.fields(cls)
    needed = [each.name for each in fields if _default(each) is dataclasses.MISSING]
    made: dict[str, Any] = {
        "type": "object",
        "additionalProperties": False,
        "properties": {each.name: _property(each, hints[each.name]) for each in fields},
    }
    return made | ({"required": needed} if needed else {})


def _property(each: dataclasses.Field[Any], hint: Any) -> dict[str, Any]:
    made = _type(hint)
    if choices := each.metadata.get("choices"):
        made["enum"] = list(choices)
    default = _default(each)
    if default is not dataclasses.MISSING and not dataclasses.is_dataclass(default):
        made["default"] = list(default) if isinstance(default, tuple) else default
    if unit := each.metadata.get("unit"):
        made["x-unit"] = unit
    return {"description": each.metadata.get("description", ""), **made}


def _type(hint: Any) -> dict[str, Any]:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return _object(hint)
    if origin in (typing.Union, types.UnionType):
        inner = [_type(each) for each in arguments if each is not type(None)]
        nothing = [{"type": "null"}] if type(None) in arguments else []
        return {"anyOf": [*inner, *nothing]}
    if origin is typing.Literal:
        return {"enum": list(arguments)}
    if origin is tuple:
        if len(arguments) == 2 and arguments[1] is not Ellipsis:
            return {"type": "array", "items": _type(arguments[0]), "minItems": 2, "maxItems": 2}
        return _list(_type(arguments[0]))
    if origin is dict:
        return {"type": "object", "additionalProperties": _type(arguments[1])}
    return {
        str: {"type": "string"},
        int: {"type": "integer"},
        float: {"type": "number"},
        bool: {"type": "boolean"},
    }.get(hint, {}).copy()


def _default(each: dataclasses.Field[Any]) -> Any:
    if each.default is not dataclasses.MISSING:
        return each.default
    return each.default_factory() if each.default_factory is not dataclasses.MISSING else dataclasses.MISSING


def _described(cls: type, name: str, node: dict[str, Any]) -> dict[str, Any]:
    described = next(each for each in dataclasses.fields(cls) if each.name == name)
    return {"description": described.metadata["description"], **node}


def _when(switch: str, key: str, settings: dict[str, type]) -> Iterator[dict[str, Any]]:
    for name, cls in settings.items():
        node = _object(cls)
        then: dict[str, Any] = {"properties": {key: node}}
        if "required" in node:
            then["required"] = [key]
        yield {"if": {"properties": {switch: {"const": name}}, "required": [switch]}, "then": then}


def _map(pattern: str, node: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "propertyNames": {"pattern": pattern}, "additionalProperties": node}


def _list(node: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": node}


def _measures(node: dict[str, Any]) -> dict[str, Any]:
    each = {name: {"description": f"For {measure.open_mhealth}.", **node} for name, measure in MEASURES.items()}
    return {"type": "object", "additionalProperties": False, "properties": each}


def _zone() -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": ["zone"],
        "properties": {
            "zone": {"type": "string", "description": "IANA name, such as Europe/Berlin."},
            "since": {"type": "string", "description": "Local ISO date or date-time in this zone; not for the first."},
        },
    }


def _event() -> dict[str, Any]:
    from pdp.events import KINDS

    return {
        "type": "object",
        "additionalProperties": False,
        "required": ["date", "kind", "text"],
        "properties": {
            "date": {"type": "string", "description": "Local day, such as 2026-05-01."},
            "kind": {"enum": list(KINDS), "description": "Kind of event."},
            "text": {"type": "string", "description": "What happened, in a few words."},
        },
    }


def _limits() -> dict[str, Any]:
    pair = {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2}
    tiers = {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "possible": {"description": "Outside: quarantined.", **pair},
            "likely": {"description": "Outside: kept and flagged.", **pair},
        },
    }
    columns = {
        column.name: {"description": f"Vocabulary: possible {column.possible}, likely {column.likely}.", **tiers}
        for measure in MEASURES.values()
        for column in measure.columns
        if column.possible
    }
    return {"type": "object", "additionalProperties": False, "properties": columns}


def _walk(node: dict[str, Any], path: str) -> Iterator[tuple[str, dict[str, Any], bool]]:
    for name, child in node.get("properties", {}).items():
        where = f"{path}.{name}" if path else name
        yield where, child, name in node.get("required", [])
        yield from _walk(child, where)
    extra = node.get("additionalProperties")
    if isinstance(extra, dict) and extra.get("properties"):
        yield from _walk(extra, f"{path}.<name>")
    for branch in node.get("allOf", []):
        ((switch, chosen),) = branch["if"]["properties"].items()
        for key, child in branch["then"]["properties"].items():
            for where, inner, needed in _walk(child, f"{path}.{key}"):
                shown = {**inner, "description": f"({switch} {chosen['const']}) {inner.get('description', '')}"}
                yield where, shown, needed


def _types(node: dict[str, Any]) -> list[str]:
    if "enum" in node:
        return [str(value) for value in node["enum"]]
    if "anyOf" in node:
        return [kind for each in node["anyOf"] for kind in _types(each)]
    return [{"object": "mapping", "array": "list"}.get(node.get("type", ""), node.get("type", "any"))]


def _shown(default: Any) -> str:
    return "" if default in (None, "", [], {}, ()) else f"`{default}`"


def main() -> None:
    """Write both files."""
    SCHEMA.write_text(schema_text(), encoding="utf-8")
    README.write_text(readme_text(README.read_text(encoding="utf-8")), encoding="utf-8")
    sys.stdout.write(f"wrote {SCHEMA} and {README}\n")


if __name__ == "__main__":
    main()
