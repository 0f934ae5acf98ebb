"""Settings are frozen dataclasses whose fields describe themselves; the config schema and README are made from them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, TypeVar

T = TypeVar("T")


def option(default: Any, description: str, *, unit: str = "", choices: tuple[str, ...] = ()) -> Any:
    """A field with a default. `unit` and `choices` go into the schema and the README."""
    metadata = {"description": description, "unit": unit, "choices": choices}
    if isinstance(default, type) and dataclasses.is_dataclass(default):
        return dataclasses.field(default_factory=default, metadata=metadata)
    if isinstance(default, dict | list):
        return dataclasses.field(default_factory=lambda: type(default)(default), metadata=metadata)
    return dataclasses.field(default=default, metadata=metadata)


def required(description: str, *, unit: str = "", choices: tuple[str, ...] = ()) -> Any:
    """A field that the configuration must set."""
    return dataclasses.field(metadata={"description": description, "unit": unit, "choices": choices})


def build(cls: type[T], values: Mapping[str, Any]) -> T:
    """A settings object from its part of the configuration, which the schema has already checked."""
    import dacite

    return dacite.from_dict(cls, dict(values), dacite.Config(strict=True, cast=[tuple, float]))
