"""Google's `fields` parameter: which parts of a resource are sent."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

from googleapiclient.discovery_cache import get_static_doc

from tests.google.stand_in.wire import Refused

Selection = dict[str, Any]  # name -> Selection of what is in it; {} = all of it
TOKEN = re.compile(r"[A-Za-z0-9_*]+|[(),/]")


def select(value: Any, fields: str, schema: str, version: str = "v3") -> Any:
    """The parts of a resource that `fields` names; 400 for a field that its schema lacks."""
    selection = parsed(fields)
    _check(selection, schema, version, fields)
    return _taken(value, selection)


def only(value: Any, fields: str) -> Any:
    """The parts of a resource that `fields` names, in the Sheets API's writing too (dots), unchecked."""
    return _taken(value, parsed(fields.replace(".", "/")))


def parsed(fields: str) -> Selection:
    """The tree of a fields expression, such as files(id,owners/emailAddress),nextPageToken."""
    tokens = TOKEN.findall(fields)
    if "".join(tokens) != fields.replace(" ", "") or not tokens:
        raise _bad(fields)
    selection, rest = _list(tokens, fields)
    if rest:
        raise _bad(fields)
    return selection


def _list(tokens: list[str], fields: str) -> tuple[Selection, list[str]]:
    found: Selection = {}
    while True:
        tokens = _entry(tokens, found, fields)
        if not tokens or tokens[0] != ",":
            return found, tokens
        tokens = tokens[1:]


def _entry(tokens: list[str], into: Selection, fields: str) -> list[str]:
    if not tokens or tokens[0] in "(),/":
        raise _bad(fields)
    inner: Selection = into.setdefault(tokens[0], {})
    tokens = tokens[1:]
    if tokens and tokens[0] == "/":
        return _entry(tokens[1:], inner, fields)
    if tokens and tokens[0] == "(":
        more, tokens = _list(tokens[1:], fields)
        inner.update(more)
        if not tokens or tokens[0] != ")":
            raise _bad(fields)
        return tokens[1:]
    return tokens


def _taken(value: Any, selection: Selection) -> Any:
    if not selection or "*" in selection:
        return value
    if isinstance(value, list):
        return [_taken(entry, selection) for entry in value]
    return {name: _taken(value[name], inner) for name, inner in selection.items() if name in value}


@cache
def _schemas(version: str) -> dict[str, Any]:
    schemas: dict[str, Any] = json.loads(get_static_doc("drive", version))["schemas"]
    return schemas


def _check(selection: Selection, schema: str, version: str, fields: str) -> None:
    known = _schemas(version)[schema].get("properties", {})
    for name, inner in selection.items():
        if name == "*":
            continue
        if name not in known:
            raise _bad(name)
        entry = known[name].get("items", known[name])
        if inner and "$ref" in entry:
            _check(inner, entry["$ref"], version, fields)


def _bad(what: str) -> Refused:
    return Refused(400, f"Invalid field selection {what}", "invalidParameter", location=("parameter", "fields"))
