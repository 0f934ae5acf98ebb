"""Small pieces of SVG as text. All stands in attributes: the PDF's engine reads no style sheet in a drawing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

FONT = "Inter"
TEXT_PX = 11.0  # 8.25 pt on paper

Point = tuple[float, float]


def number(value: float) -> str:
    """Hundredths of a pixel: finer than any printer, and the same text on any machine."""
    told = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if told == "-0" else told


def element(name: str, inside: str = "", **attributes: str | float | None) -> str:
    """One element. Inner underscores become hyphens; None leaves an attribute out; `inside` is markup."""
    told = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{number(value) if isinstance(value, float | int) else escape(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    return f"<{name}{told}>{inside}</{name}>" if inside else f"<{name}{told}/>"


def drawing(width: float, height: float, alt: str, parts: Iterable[str]) -> str:
    """A whole drawing. Its title is what a screen reader says: the PDF takes it for the figure's alternate text."""
    return element(
        "svg",
        element("title", escape(alt)) + "".join(parts),
        xmlns="http://www.w3.org/2000/svg",
        role="img",
        width=width,
        height=height,
        viewBox=f"0 0 {number(width)} {number(height)}",
    )


def text(
    x: float,
    y: float,
    words: str,
    *,
    color: str,
    anchor: str = "start",
    bold: bool = False,
    size: float = TEXT_PX,
) -> str:
    """Words on a line whose foot is at y; anchor start, middle or end."""
    weight = "700" if bold else "400"
    return element(
        "text",
        escape(words, quote=False),
        x=x,
        y=y,
        fill=color,
        text_anchor=anchor,
        font_family=FONT,
        font_size=size,
        font_weight=weight,
    )


def line(x1: float, y1: float, x2: float, y2: float, *, color: str, width: float = 1, dash: str | None = None) -> str:
    """A straight line."""
    return element("line", x1=x1, y1=y1, x2=x2, y2=y2, stroke=color, stroke_width=width, stroke_dasharray=dash)


def rectangle(
    x: float,
    y: float,
    width: float,
    height: float,
    *,
    fill: str,
    stroke: str | None = None,
    opacity: float | None = None,
) -> str:
    """A box; without `stroke`, an area."""
    return element("rect", x=x, y=y, width=width, height=height, fill=fill, stroke=stroke, fill_opacity=opacity)


def circle(
    x: float, y: float, radius: float, *, color: str, is_filled: bool = False, opacity: float | None = None
) -> str:
    """A ring, or a dot."""
    if is_filled:
        return element("circle", cx=x, cy=y, r=radius, fill=color, fill_opacity=opacity)
    return element("circle", cx=x, cy=y, r=radius, fill="#ffffff", fill_opacity=0.6, stroke=color, stroke_width=1.1)


def diamond(x: float, y: float, radius: float, *, color: str) -> str:
    """A filled square on its corner."""
    d = f"M{number(x)} {number(y - radius)}l{number(radius)} {number(radius)}l{number(-radius)} {number(radius)}"
    return element("path", d=f"{d}l{number(-radius)} {number(-radius)}z", fill=color, fill_opacity=0.85)


def cross(x: float, y: float, radius: float, *, color: str) -> str:
    """Two strokes."""
    r = number(radius)
    d = f"M{number(x - radius)} {number(y)}h{number(2 * radius)}M{number(x)} {number(y - radius)}v{number(2 * radius)}"
    return element("path", d=d, stroke=color, stroke_width=1.1, fill="none") if r != "0" else ""


def path(points: Sequence[Point], *, color: str, width: float) -> str:
    """A line through points."""
    return element("path", d=_through(points), fill="none", stroke=color, stroke_width=width, stroke_linejoin="round")


def area(above: Sequence[Point], below: Sequence[Point], *, color: str, opacity: float) -> str:
    """What lies between two lines."""
    return element("path", d=f"{_through([*above, *reversed(below)])}z", fill=color, fill_opacity=opacity)


def _through(points: Sequence[Point]) -> str:
    return "".join(f"{'L' if place else 'M'}{number(x)} {number(y)}" for place, (x, y) in enumerate(points))
