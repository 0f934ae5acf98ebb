"""Whether what is printed may be read by anyone, as the log of a public CI is."""

from __future__ import annotations

import os

VARIABLE = "PDP_DISCREET"
WITHHELD = "its details are withheld, they may name files of the owner's. The registry has them: pdp rejected."


def is_discreet() -> bool:
    """Whether names of the owner's (of documents, files, worksheets, columns) have no place in what is printed."""
    return os.environ.get(VARIABLE) == "1"
