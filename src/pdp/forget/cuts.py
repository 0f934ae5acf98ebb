"""What exports are without a period: copies made in a folder aside, or why there can be none."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pdp.errors import ConfigError
from pdp.forget.days import number
from pdp.forget.finding import RAW, Asked, ForgetError, Place

if TYPE_CHECKING:
    from pdp.redaction import Copy, How
    from pdp.tables.columns import Integers


def touches(asked: Asked, days: Integers | None) -> bool:
    """Whether days lie in the period that is asked for."""
    return days is not None and bool(((days >= number(asked.first)) & (days <= number(asked.last))).any())


def cuts(
    root: Path, asked: Asked, days: Mapping[Place, Integers | None], aside: Path
) -> dict[Place, Copy | str | None]:
    """A copy without the period, or why there is none, of each export that touches it or of which no table tells.

    Args:
        root: The working folder.
        asked: For a period.
        days: Of each export, as its tables tell.
        aside: Empty folder, where copies are made, and tables on the way.

    Returns:
        By (source, export): the copy; or why days can't be taken out; or None, if it turns out not to touch them.
        An export that can't be read, and of which no table tells, is not in it.

    Raises:
        ForgetError: A raw export vanished meanwhile.
    """
    from pdp.redaction import CannotRedactError, UndatedError, copy_without

    found: dict[Place, Copy | str | None] = {}
    (aside / "copies").mkdir(parents=True)
    for source, name in sorted(days):
        is_hit = touches(asked, days[source, name])
        raw = root / RAW / asked.subject / name
        if not raw.is_file() or not (is_hit or days[source, name] is None):
            continue
        work = aside / "work"
        try:
            copy = copy_without(raw, source, how(root, asked.subject, source), [(asked.first, asked.last)], work)
            found[source, name] = _kept(copy, aside / "copies") if copy else None
            if copy is None and is_hit:
                found[source, name] = "its tables were made with other settings than it is read with now."
        except FileNotFoundError:
            raise ForgetError(
                "raw exports went while this looked: another erasure is at work here.", hint="Wait for it, then again."
            ) from None
        except UndatedError as error:
            if is_hit:
                found[source, name] = error.what
        except CannotRedactError as error:
            found[source, name] = error.what
        except ConfigError as error:
            if is_hit:
                found[source, name] = str(error)
        finally:
            shutil.rmtree(work, ignore_errors=True)
    return found


def how(root: Path, subject: str, source: str) -> How:
    """How a source is read, as the last run's key says.

    Raises:
        ConfigError: No run has left one, or a password is not set.
    """
    from pdp.redaction import How

    key = root / f"results/keys/normalize/{subject}/{source}.json"
    if not source or not key.is_file():
        raise ConfigError("the source is not in the configuration that ran last.")
    return How.of(json.loads(key.read_bytes())["settings"])


def passwords(root: Path) -> tuple[str, ...]:
    """Of the encrypted exports of all sources that ran last, as far as they are set."""
    found = []
    for key in sorted((root / "results/keys/normalize").glob("*/*.json")):
        for name in json.loads(key.read_bytes())["settings"].get("passwords_from") or ():
            found += [os.environ[name]] if os.environ.get(name) else []
    return tuple(dict.fromkeys(found))


def _kept(copy: Copy, folder: Path) -> Copy:
    if copy.path is None:
        return copy
    place = folder / copy.sha256
    copy.path.replace(place)
    return replace(copy, path=place)
