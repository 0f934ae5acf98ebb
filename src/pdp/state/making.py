"""How a commit upon the tip is made: here, now, by this program."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path

from pdp import store
from pdp.state import commit
from pdp.state.backends import Make, Tip
from pdp.state.commit import TreeBlob
from pdp.state.sealing import Keys


def upon(tip: Tip, keys: Keys, *, op_id: str, tree: TreeBlob, totals: Mapping[str, int], is_cut: bool = False) -> Make:
    """What makes the bytes of the commit that follows the tip, once its place and that of its successor are known."""

    def make(id: str, next_id: str) -> bytes:
        return commit.write(
            keys,
            commit.header_after(tip.data, id, next_id),
            op_id=op_id,
            made_at=store.now(),
            runner=socket.gethostname(),
            code_version=code_version(),
            tree=tree,
            totals=totals,
            is_cut=is_cut,
        )

    return make


def code_version() -> str:
    """The program's version, and the commit of its repository where there is one."""
    version = metadata.version("pdp")
    head = Path(__file__).parents[3] / ".git" / "HEAD"
    try:
        text = head.read_text().strip()
        reference = head.parent / text.removeprefix("ref: ")
        return f"{version}+{(reference.read_text().strip() if text.startswith('ref: ') else text)[:12]}"
    except OSError:
        return version
