"""Share of days by level, month by month: stacked from the lowest level up, light to dark."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from pdp.home_bp import Guideline
from pdp.report import colors, scales, svg
from pdp.report.model import Facts, Month
from pdp.report.scales import Scale

WIDTH, HEIGHT = 320.0, 164.0
LEFT, RIGHT, TOP, BOTTOM = 40.0, 319.0, 20.0, 136.0
SLOTS = 13  # as many as are kept; fewer months leave room on the left


def draw(facts: Facts, guideline: Guideline, alt: str) -> str:
    """The drawing; a month without a day that has a level stays empty."""
    if not facts.months:
        words = svg.text(WIDTH / 2, HEIGHT / 2, "No readings.", color=colors.MUTED, anchor="middle", size=13)
        return svg.drawing(WIDTH, HEIGHT, alt, [words])
    y = Scale(0, 100, BOTTOM, TOP)
    parts = []
    for value in (0, 50, 100):
        parts.append(svg.line(LEFT, y(value), RIGHT, y(value), color=colors.LINE))
        parts.append(svg.text(LEFT - 7, y(value) + 4, f"{value}%", color=colors.INK, anchor="end"))
    parts.append(svg.text(LEFT - 7, TOP - 9, "days", color=colors.MUTED, anchor="end", size=10))
    slot = (RIGHT - LEFT) / SLOTS
    year = 0
    for place, month in enumerate(facts.months, start=SLOTS - len(facts.months)):
        at = LEFT + (place + 0.5) * slot
        parts += _bar(month, guideline, at, slot * 0.72, y)
        parts.append(svg.text(at, TOP - 9, str(month.n_days), color=colors.MUTED, anchor="middle", size=10))
        name = scales.MONTH_NAMES[month.month.month - 1]
        parts.append(svg.text(at, BOTTOM + 13, name[0], color=colors.INK, anchor="middle", size=10))
        if month.month.year != year:
            parts.append(svg.text(at, BOTTOM + 25, str(month.month.year), color=colors.MUTED, anchor="middle", size=10))
            year = month.month.year
    return svg.drawing(WIDTH, HEIGHT, alt, parts)


def _bar(month: Month, guideline: Guideline, at: float, width: float, y: Scale) -> Iterator[str]:
    below = 0
    for level in guideline.levels:
        count = month.levels.get(guideline.key, {}).get(level.key, 0)
        if count:
            low, high = below / month.n_days * 100, (below + count) / month.n_days * 100
            fill = colors.LEVELS[level.color]
            yield svg.rectangle(at - width / 2, y(high), width, y(low) - y(high), fill=fill)
        below += count


def legend(guideline: Guideline) -> str:
    """The levels as HTML: colour and words, from the lowest."""
    items = (
        f'<span class="mark"><span class="swatch" style="background:{colors.LEVELS[level.color]}"></span>'
        f"{escape(level.words)}</span>"
        for level in guideline.levels
    )
    return f'<p class="marks">{" ".join(items)}</p>'
