"""Times of files that a clock ahead has written: Snakemake takes newer for changed, and the future for an error.

What matters is their order, so they are moved into the past together.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from pdp.errors import StoreError

MARGIN_NS = 2_000_000_000  # file systems that round times up to two seconds; what is written next must be newer


def lead_ns(mtimes_ns: Iterable[int]) -> int:
    """What to take off all of them so that none lies in the future; 0 if none does."""
    now = time.time_ns()
    newest = max(mtimes_ns, default=0)
    return newest - now + MARGIN_NS if newest > now else 0


def bring_into_past(*folders: Path) -> int:
    """Move the times of all files in these folders by one span, if any lies in the future; that span in ns.

    Raises:
        StoreError: A file's time can't be set.
    """
    found = dict(_times(folders))
    lead = lead_ns(found.values())
    for place, mtime_ns in found.items() if lead else ():
        try:
            with suppress(FileNotFoundError):  # a receipt that was taken in meanwhile
                os.utime(place, ns=(mtime_ns - lead,) * 2)
        except OSError as error:
            raise StoreError(
                f"lies in the future, and its time can't be set ({error.strerror}).",
                where=str(place),
                hint="A clock was ahead when results were written. Give the files of this folder to who runs it.",
            ) from None
    return lead


def _times(folders: Iterable[Path]) -> Iterator[tuple[Path, int]]:
    for folder in folders:
        for parent, _, names in os.walk(folder):
            for name in names:
                with suppress(FileNotFoundError):
                    status = os.lstat(place := Path(parent, name))
                    if stat.S_ISREG(status.st_mode):
                        yield place, status.st_mtime_ns
