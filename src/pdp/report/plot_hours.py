"""Time of day over 30 days: every sitting by the clock, quartiles of mornings and of evenings."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from pdp.home_bp import whole_mmhg
from pdp.report import colors, scales, svg
from pdp.report.model import Daytime, Facts
from pdp.report.scales import Scale

WIDTH, HEIGHT = 320.0, 164.0
LEFT, RIGHT, TOP, BOTTOM = 34.0, 302.0, 8.0, 140.0
DAYS = 30
NARROWEST = 14.0  # px of a box: mornings at the very same minute are still seen
SIDES = {"systolic": colors.SYSTOLIC, "diastolic": colors.DIASTOLIC}


def draw(facts: Facts, alt: str) -> str:
    """The drawing; without readings, axes and a sentence."""
    recent = [
        each for each in facts.sittings if facts.last is not None and each.date > facts.last - timedelta(days=DAYS)
    ]
    if not recent:
        words = svg.text(WIDTH / 2, HEIGHT / 2, "No readings.", color=colors.MUTED, anchor="middle", size=13)
        return svg.drawing(WIDTH, HEIGHT, alt, [words])
    y = scales.pressures([v for each in recent for v in (each.systolic_mmhg, each.diastolic_mmhg)], BOTTOM, TOP)
    x = Scale(0, 24 * 60, LEFT, RIGHT)
    parts = [*_grid(x, y)]
    for name, color in SIDES.items():
        parts += [
            svg.circle(x(each.minute), y(getattr(each, f"{name}_mmhg")), 1.8, color=color, is_filled=True, opacity=0.4)
            for each in recent
        ]
        for daytime in facts.daytimes:
            parts += _box(daytime, getattr(daytime, name), x, y, color)
    return svg.drawing(WIDTH, HEIGHT, alt, parts)


def _grid(x: Scale, y: Scale) -> Iterator[str]:
    for first, last in ((0, 6), (22, 24)):
        yield svg.rectangle(x(first * 60), TOP, x(last * 60) - x(first * 60), BOTTOM - TOP, fill=colors.NIGHT)
    for value in scales.ticks(y, 6):
        yield svg.line(LEFT, y(value), RIGHT, y(value), color=colors.LINE)
        yield svg.text(LEFT - 7, y(value) + 4, str(value), color=colors.INK, anchor="end")
    for hour in range(0, 25, 6):
        yield svg.text(x(hour * 60), BOTTOM + 16, f"{hour:02d}:00", color=colors.INK, anchor="middle")


def _box(
    daytime: Daytime, quartiles: tuple[float, float, float] | None, x: Scale, y: Scale, color: str
) -> Iterator[str]:
    if quartiles is None:
        return
    low, middle, high = quartiles
    left, right = x(daytime.first_minute), x(daytime.last_minute)
    if right - left < NARROWEST:
        left, right = (left + right - NARROWEST) / 2, (left + right + NARROWEST) / 2
    left, right = max(left, LEFT), min(right, RIGHT)
    yield svg.rectangle(left, y(high), right - left, y(low) - y(high), fill=color, stroke=color, opacity=0.1)
    yield svg.line(left, y(middle), right, y(middle), color=color, width=2.4)
    label = str(whole_mmhg(middle))
    if right + 26 < RIGHT:
        yield svg.text(right + 4, y(middle) + 4, label, color=color, bold=True)
    else:
        yield svg.text(left - 4, y(middle) + 4, label, color=color, bold=True, anchor="end")
