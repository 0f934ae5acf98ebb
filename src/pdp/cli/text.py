"""Plain text for terminals: aligned columns, no colour, nothing that a pipe would spoil."""

from __future__ import annotations

from collections.abc import Sequence

_GAP = "  "


def columns(header: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int] = ()) -> str:
    """A table; columns named in `right` by position are aligned to the right."""
    table = [list(header), *[list(row) for row in rows]]
    widths = [max(len(row[position]) for row in table) for position in range(len(header))]
    lines = []
    for row in table:
        cells = [
            cell.rjust(width) if position in right else cell.ljust(width)
            for position, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append(_GAP.join(cells).rstrip())
    return "\n".join(lines)


def size(number: int) -> str:
    """Bytes for people."""
    value, unit = float(number), "B"
    for larger in ("kB", "MB", "GB"):
        if value < 1000:
            break
        value, unit = value / 1000, larger
    return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"


def number(value: int | None) -> str:
    """A count, or a dash where there is none."""
    return "-" if value is None else f"{value:,}"
