"""Which record of one revision is the reading of another: by instant, by text, by place."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from difflib import SequenceMatcher

from pdp.lineage.one_export import UNREAD, Occurrence, OneExport

_ALIKE = 0.6  # of two texts, by difflib's measure
_CELL = re.compile(r"\d+(?::\d\d)?(?:\.\d+)?")


def followed(here: OneExport, last: Occurrence, there: OneExport) -> Occurrence | None:
    """The same reading in the next revision, or in the one before."""
    beside = [one for one in here.at_instant(last.start_utc) if one.place != last.place]
    same = [one for one in there.at_instant(last.start_utc) if not any(one.says_the_same(each) for each in beside)]
    same.sort(key=lambda one: (one.values != last.values, one.place != last.place))
    if same:
        return same[0]
    if last.fate == UNREAD and (alike := there.with_text(last.text)):
        return alike[0]
    for one in there.at_place(last.place):
        is_old = bool(here.at_instant(one.start_utc) if one.start_utc else here.with_text(one.text))
        if not is_old and _resembles(last, one):
            return one
    return None


def _resembles(one: Occurrence, other: Occurrence) -> bool:
    """Whether what stands at the same place may be the same reading: a row that took its place is another one."""
    if one.fate != UNREAD and other.fate != UNREAD:
        return one.values == other.values
    if one.fate == other.fate:
        return SequenceMatcher(None, one.text, other.text).ratio() > _ALIKE
    read, text = (other, one.text) if one.fate == UNREAD else (one, other.text)
    told = {f"{value:g}" for value in read.values.values() if isinstance(value, int | float)}
    if read.start_utc:
        shift = timedelta(minutes=read.utc_offset_min or 0)
        told.add(f"{datetime.fromisoformat(read.start_utc) + shift:%H:%M}")
    return bool(told & set(_CELL.findall(text)))
