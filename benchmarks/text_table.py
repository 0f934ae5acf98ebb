"""Plain tables for a terminal."""

from __future__ import annotations

from collections.abc import Sequence


def table(title: str, head: Sequence[str], rows: Sequence[Sequence[str]], notes: Sequence[str] = ()) -> str:
    """Aligned columns: the first to the left, the others to the right."""
    widths = [max(len(line[at]) for line in (head, *rows)) for at in range(len(head))]

    def line(cells: Sequence[str]) -> str:
        first, *others = (
            cell.ljust(width) if at == 0 else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(cells, widths, strict=True))
        )
        return "  ".join([first, *others]).rstrip()

    rule = "  ".join("-" * width for width in widths)
    return "\n".join([title, "", line(head), rule, *map(line, rows), *(["", *notes] if notes else [])])


def megabytes(count: float) -> str:
    """Bytes as MB."""
    return f"{count / 1e6:,.0f} MB"


def seconds(time_s: float) -> str:
    """Two digits that mean something."""
    return f"{time_s:.2f} s" if time_s < 10 else f"{time_s:.1f} s"


def ratio(value: float) -> str:
    """How many times."""
    return f"{value:.2f}x"
