"""The last 90 days: every sitting, the rolling median with its quartiles, the thresholds, the owner's events."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from pdp.home_bp import Guideline, whole_mmhg
from pdp.report import colors, scales, svg
from pdp.report.model import Facts, Sitting, TrendDay
from pdp.report.scales import Scale

WIDTH, HEIGHT = 674.0, 270.0
NARROW = 310.0  # px: a telephone's screen less the margins of page, sheet and panel
LEFT, TOP = 34.0, 16.0
LABELS = 78.0  # px right of the plot, for the words at the lines' ends
RIGHT = WIDTH - LABELS
BELOW = 34.0  # px for dates
DAYS = 90
SIDES = {"systolic": (colors.SYSTOLIC, "sys"), "diastolic": (colors.DIASTOLIC, "dia")}
MOST_EVENTS = 6  # marks that have a letter; what is more stands in no list that still fits


def draw(facts: Facts, guideline: Guideline, alt: str, height: float = HEIGHT, width: float = WIDTH) -> str:
    """The drawing; without readings, axes and a sentence. Letters are as large in one of any width."""
    if facts.last is None:
        words = svg.text(width / 2, height / 2, "No readings.", color=colors.MUTED, anchor="middle", size=13)
        return svg.drawing(width, height, alt, [words])
    right = width - LABELS
    first = facts.last - timedelta(days=DAYS - 1)
    thresholds = {"systolic": guideline.threshold.systolic_mmhg, "diastolic": guideline.threshold.diastolic_mmhg}
    values = [value for each in facts.sittings for value in (each.systolic_mmhg, each.diastolic_mmhg)]
    y = scales.pressures([*values, *thresholds.values()], height - BELOW, TOP)
    # Half a day on both sides, so that no mark is cut.
    x = Scale(first.toordinal() - 0.5, facts.last.toordinal() + 0.5, LEFT, right)
    parts = [*_grid(x, y, facts.last, 14 if width >= WIDTH else 28)]
    for place, event in enumerate(facts.events[:MOST_EVENTS]):
        parts += _event(x(event.date.toordinal()), y.start, letter(place))
    for name, (color, _) in SIDES.items():
        parts += _band(facts.trend, name, x, y, color)
        parts.append(
            svg.line(
                LEFT, y(thresholds[name]), right, y(thresholds[name]), color=colors.THRESHOLD, width=1.2, dash="6 4"
            )
        )
    for name, (color, _) in SIDES.items():
        parts += [mark(each, x(_at(each)), y(getattr(each, f"{name}_mmhg")), color) for each in facts.sittings]
        parts += _line(facts.trend, name, x, y, color)
    parts += _labels(facts.trend, thresholds, right, y)
    return svg.drawing(width, height, alt, parts)


def letter(place: int) -> str:
    """a, b, c: names of the events' marks."""
    return chr(ord("a") + place)


def mark(sitting: Sitting, x: float, y: float, color: str) -> str:
    """A sitting by its time of day: ring, diamond, cross. Shapes, so that print in grey tells them apart."""
    if sitting.daytime == "morning":
        return svg.circle(x, y, 2.7, color=color)
    return svg.diamond(x, y, 3.2, color=color) if sitting.daytime == "evening" else svg.cross(x, y, 3, color=color)


def _at(sitting: Sitting) -> float:
    """Mornings left of the middle of their day, evenings right of it."""
    return sitting.date.toordinal() - 0.5 + sitting.minute / (24 * 60)


def _grid(x: Scale, y: Scale, last: date, every: int) -> Iterator[str]:
    for value in scales.ticks(y, 9):
        yield svg.line(LEFT, y(value), x.end, y(value), color=colors.LINE)
        yield svg.text(LEFT - 7, y(value) + 4, str(value), color=colors.INK, anchor="end")
    year = 0
    for day in scales.day_ticks(last, DAYS, every):
        at = x(day.toordinal())
        yield svg.line(at, y.start, at, y.start + 4, color=colors.MUTED)
        yield svg.text(at, y.start + 17, scales.day(day, year=False), color=colors.INK, anchor="middle")
        if day.year != year:
            yield svg.text(at, y.start + 31, str(day.year), color=colors.MUTED, anchor="middle")
            year = day.year


def _event(at: float, foot: float, name: str) -> Iterator[str]:
    yield svg.line(at, TOP, at, foot, color=colors.MUTED, dash="1.5 2.5")
    yield svg.rectangle(at - 6.5, TOP - 13, 13, 13, fill=colors.MUTED)
    yield svg.text(at, TOP - 3, name, color="#ffffff", anchor="middle", bold=True, size=10)


def _runs(trend: Sequence[TrendDay], name: str) -> Iterator[list[tuple[date, tuple[float, float, float]]]]:
    """Stretches of neighbouring days that have a median: a gap stays a gap."""
    run: list[tuple[date, tuple[float, float, float]]] = []
    for each in trend:
        quartiles = each.systolic if name == "systolic" else each.diastolic
        if run and (quartiles is None or each.date - run[-1][0] > timedelta(days=1)):
            yield run
            run = []
        if quartiles is not None:
            run.append((each.date, quartiles))
    if run:
        yield run


def _band(trend: Sequence[TrendDay], name: str, x: Scale, y: Scale, color: str) -> Iterator[str]:
    for run in _runs(trend, name):
        low = [(x(day.toordinal()), y(values[0])) for day, values in run]
        high = [(x(day.toordinal()), y(values[2])) for day, values in run]
        yield svg.area(high, low, color=color, opacity=0.16)


def _line(trend: Sequence[TrendDay], name: str, x: Scale, y: Scale, color: str) -> Iterator[str]:
    for run in _runs(trend, name):
        yield svg.path([(x(day.toordinal()), y(values[1])) for day, values in run], color=color, width=2.1)


def _labels(trend: Sequence[TrendDay], thresholds: dict[str, int], right: float, y: Scale) -> Iterator[str]:
    """At the right end: the thresholds, and the median where it reaches the last day."""
    ends = {name: list(_runs(trend, name))[-1:] for name in SIDES}
    last = trend[-1].date if trend else None
    for name, (color, short) in SIDES.items():
        wanted = {"limit": y(thresholds[name])}
        runs = ends[name]
        median = whole_mmhg(runs[0][-1][1][1]) if runs and runs[0][-1][0] == last else None
        if median is not None:
            wanted["median"] = y(runs[0][-1][1][1])
        places = scales.apart(wanted, 13)
        limit = f"{thresholds[name]} limit"
        yield svg.text(right + 7, places["limit"] + 4, limit, color=colors.THRESHOLD)
        if median is not None:
            yield svg.text(right + 7, places["median"] + 4, f"{median} {short}", color=color, bold=True)
