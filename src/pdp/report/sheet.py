"""The sheet as HTML: one article that the PDF and the dashboard's page share."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from pdp.home_bp import Guideline, whole_mmhg
from pdp.report import colors, plot_days, plot_hours, plot_months, svg, words
from pdp.report.model import Facts, Period, Spread

NONE = "–"


@dataclass(frozen=True)
class Marks:
    """What ties a sheet to its data.

    Attributes:
        data_sha256: Of the file of facts it was made from.
        code: Digest of the code and settings that made it; "" where that is not known.
    """

    data_sha256: str
    code: str = ""


def article(
    facts: Facts,
    guideline: Guideline,
    marks: Marks,
    plot_height: float = plot_days.HEIGHT,
    *,
    is_for_screens: bool = False,
) -> str:
    """The sheet, to stand in a page whose style holds style.SHEET. Every text is escaped.

    Args:
        plot_height: Of the plot of 90 days, px: what gives way when words are long.
        is_for_screens: Whether the plot of 90 days stands there for narrow screens, too: style.SCREENS shows one.
    """
    said, rest = words.verdict(facts, guideline)
    return (
        '<article class="sheet">'
        f"<h1>{words.TITLE}</h1>"
        f'<p class="person">{escape(words.person(facts))}</p>'
        f'<p class="said"><strong>{escape(said)}</strong> {escape(rest)}</p>'
        f'<div class="pair">{_periods(facts)}{_quality(facts)}</div>'
        f"{_days(facts, guideline, plot_height, is_for_screens)}"
        f'<div class="panels">{_hours(facts)}{_months(facts, guideline)}</div>'
        f"{_foot(facts, guideline, marks)}"
        "</article>"
    )


def _periods(facts: Facts) -> str:
    heads = (
        ("Period", ""),
        ("Mean", "mmHg"),
        ("Range", "mmHg"),
        ("SD", "mmHg"),
        ("Pulse", "bpm"),
        ("n", "readings"),
    )
    head = "".join(f'<th scope="col">{name}<span class="per">{unit}</span></th>' for name, unit in heads)
    body = "".join(_row(period) for period in facts.periods) or _row_of_nothing()
    return _wide("Averages by period", f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>")


def _wide(name: str, inside: str) -> str:
    """What a narrow screen scrolls sideways: it can be reached by keyboard."""
    return f'<div class="wide" role="region" aria-label="{name}" tabindex="0">{inside}</div>'


def _row(period: Period) -> str:
    systolic, diastolic = period.systolic, period.diastolic
    is_told = period.is_enough and systolic is not None and diastolic is not None
    cells = [
        ("mean", _both(systolic, diastolic, "mean") if is_told else NONE),
        ("", f"<span>{_range(systolic)} /</span> <span>{_range(diastolic)}</span>" if systolic and diastolic else NONE),
        ("", _both(systolic, diastolic, "sd") if is_told else NONE),
        ("", NONE if period.pulse_bpm is None or not is_told else str(whole_mmhg(period.pulse_bpm))),
        ("", f"{period.n:,}"),
    ]
    kind = ' class="part"' if period.key in ("morning", "evening") else ""
    told = "".join(f"<td{f' class={name!r}' if name else ''}>{value}</td>" for name, value in cells)
    return f'<tr{kind}><th scope="row">{escape(words.row_name(period).removeprefix("– "))}</th>{told}</tr>'


def _row_of_nothing() -> str:
    return f'<tr><th scope="row">All</th>{f"<td>{NONE}</td>" * 4}<td>0</td></tr>'


def _both(systolic: Spread | None, diastolic: Spread | None, name: str) -> str:
    values = [getattr(side, name) if side else None for side in (systolic, diastolic)]
    return NONE if None in values else "/".join(str(whole_mmhg(value)) for value in values if value is not None)


def _range(side: Spread | None) -> str:
    return NONE if side is None else f"{side.lowest:.0f}–{side.highest:.0f}"


def _quality(facts: Facts) -> str:
    lines = "".join(f"<p><b>{escape(name)}:</b> {escape(told)}</p>" for name, told in words.quality(facts))
    return f'<section class="record"><h2>Quality of the record</h2>{lines}</section>'


def _days(facts: Facts, guideline: Guideline, height: float, is_for_screens: bool) -> str:
    legend = _legend(facts, guideline)
    happened = words.events(facts)
    events = f'<p class="marks">{escape(happened)}</p>' if happened else ""
    alt = words.alt_days(facts, guideline)
    drawn = plot_days.draw(facts, guideline, alt, height)
    if is_for_screens:
        narrow = plot_days.draw(facts, guideline, alt, width=plot_days.NARROW)
        drawn = f'<div class="on-wide">{drawn}</div><div class="on-narrow">{narrow}</div>'
    heading = f"<h2>Last {plot_days.DAYS} days, mmHg</h2>"
    return f'<section class="panel">{heading}{legend}{drawn}{events}</section>'


def _legend(facts: Facts, guideline: Guideline) -> str:
    def key(mark: str, shape: str, told: str) -> str:
        return f'<span class="mark">{_inline(mark, shape)}{escape(told)}</span>'

    ink = colors.MUTED
    keys = [
        key(svg.circle(6, 6, 2.7, color=ink), "Ring", "morning"),
        key(svg.diamond(6, 6, 3.2, color=ink), "Diamond", "evening"),
    ]
    if any(each.daytime == "other" for each in facts.sittings):
        keys.append(key(svg.cross(6, 6, 3, color=ink), "Cross", "other time"))
    if facts.trend_days:
        band = svg.rectangle(0, 2, 12, 8, fill=ink, opacity=0.2) + svg.line(0, 6, 12, 6, color=ink, width=2)
        keys.append(key(band, "Line in a band", f"median of {facts.trend_days} days, band: quartiles"))
    keys.append(
        key(
            svg.line(0, 6, 12, 6, color=colors.THRESHOLD, dash="4 2"),
            "Dashed line",
            f"home threshold {guideline.threshold.text} mmHg, {guideline.name}",
        )
    )
    return f'<p class="marks">{" ".join(keys)}</p>'


def _inline(inside: str, shape: str) -> str:
    """A sign in a line of text, with the name of its shape for those who hear it."""
    return svg.element(
        "svg",
        svg.element("title", escape(shape)) + inside,
        xmlns="http://www.w3.org/2000/svg",
        role="img",
        width=12,
        height=12,
        viewBox="0 0 12 12",
        style="display:inline-block;vertical-align:-2px;margin-right:4px",
    )


def _hours(facts: Facts) -> str:
    drawn = plot_hours.draw(facts, words.alt_hours(facts))
    n = sum(each.n for each in facts.daytimes)
    legend = f'<p class="marks">a dot is a sitting (n = {n}); box: quartiles and median</p>'
    return f'<section class="panel"><h2>Time of day, {plot_hours.DAYS} days, mmHg</h2>{legend}{drawn}</section>'


def _months(facts: Facts, guideline: Guideline) -> str:
    drawn = plot_months.draw(facts, guideline, words.alt_months(facts, guideline))
    return f'<section class="panel"><h2>Share of days, each month</h2>{plot_months.legend(guideline)}{drawn}</section>'


def _foot(facts: Facts, guideline: Guideline, marks: Marks) -> str:
    code = f" Code and settings {escape(marks.code[:12])}." if marks.code else ""
    return (
        f'<footer><p class="caution">{escape(words.cautions())}</p>'
        f"<p>{escape(words.method(facts, guideline))}</p>"
        f"<p>Data sha256 {escape(marks.data_sha256)}.{code} Check, and ask for the run that made it: "
        "<code>pdp verify report.pdf</code></p></footer>"
    )
