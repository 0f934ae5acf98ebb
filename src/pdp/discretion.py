"""Whether what is printed may be read by anyone, as the log of a public CI is."""

from __future__ import annotations

import os

VARIABLE = "PDP_DISCREET"
WITHHELD = "its details are withheld, they may name files of the owner's. The registry has them: pdp rejected."


def is_discreet() -> bool:
    """Whether measured values and names of the owner's (of documents, files, columns) have no place in what is printed.

    What the configuration names (subjects, sources) is printed all the same: a log has to say whose job it was.
    """
    return os.environ.get(VARIABLE) == "1"
