"""What is doubtful about the time of a reading, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

WORDS = {
    "nonexistent_time": "this time did not exist: the clocks went forward",
    "ambiguous_time": "this time occurred twice",
}


def told(row: Mapping[str, Any], fate: str) -> str:
    """What became of a reading, and what is doubtful about its time.

    Args:
        row: Of bp_readings; tables that were made before there was the column "flags" tell of no doubt.
        fate: What became of it.
    """
    flags = (row.get("flags") or "").split(";")
    return "; ".join([fate, *(words for flag, words in WORDS.items() if flag in flags)])
