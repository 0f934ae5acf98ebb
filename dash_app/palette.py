"""Every colour of the dashboard, light and dark. `python -m dash_app.palette` writes them to assets/tokens.css.

Contrast and distance under colour blindness are held by tests/dash_app/test_palette.py. Marks that share a chart differ
in shape or label too, so that nobody has to tell them apart by colour alone.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

Theme = Literal["light", "dark"]
TOKENS = Path(__file__).parent / "assets" / "tokens.css"


@dataclass(frozen=True)
class Palette:
    """Colours as #rrggbb.

    Args:
        ground: Behind the cards.
        card: Of a card, the header, a chart.
        ink: Text.
        muted: Text of the second rank.
        line: Borders and grid lines: no meaning hangs on them.
        edge: Borders of what can be clicked or typed into.
        accent: Links, focus, the slider.
        accent_soft: Behind the chosen link.
        note: The demo's badge, notes.
        systolic, diastolic, threshold, heart, sleep, pulse: Marks and labels of measures.
        level_1 to level_4: Ordered levels of blood pressure, from the lowest to the highest; the guidelines name them.
        level_none: No reading.
        stage_deep, stage_light, stage_rem, stage_awake, stage_asleep: Stages of sleep.
    """

    ground: str
    card: str
    ink: str
    muted: str
    line: str
    edge: str
    accent: str
    accent_soft: str
    note: str
    systolic: str
    diastolic: str
    threshold: str
    heart: str
    sleep: str
    pulse: str
    level_1: str
    level_2: str
    level_3: str
    level_4: str
    level_none: str
    stage_deep: str
    stage_light: str
    stage_rem: str
    stage_awake: str
    stage_asleep: str

    def colour(self, token: str) -> str:
        """A colour by its name here or in CSS: level_1, level-1."""
        return str(getattr(self, token.replace("-", "_")))

    def soft(self, token: str, opacity: float = 0.2) -> str:
        """A colour to fill an area with, as rgba(...)."""
        red, green, blue = (int(self.colour(token)[at : at + 2], 16) for at in (1, 3, 5))
        return f"rgba({red},{green},{blue},{opacity:g})"


LIGHT = Palette(
    ground="#f6f7f9",
    card="#ffffff",
    ink="#1c2430",
    muted="#5b6573",
    line="#dfe3e8",
    edge="#7a8594",
    accent="#00705f",
    accent_soft="#d9e9e6",
    note="#8a3b00",
    systolic="#00705f",
    diastolic="#9c652b",
    threshold="#662200",
    heart="#5c0000",
    sleep="#8c36e2",
    pulse="#394060",
    level_1="#cfe6e0",
    level_2="#e3bd8a",
    level_3="#c77f3a",
    level_4="#7a3608",
    level_none="#eef0f3",
    stage_deep="#24125c",
    stage_light="#9478e6",
    stage_rem="#5c34bd",
    stage_awake="#b06a1f",
    stage_asleep="#8c36e2",
)
DARK = Palette(
    ground="#10131a",
    card="#1a2029",
    ink="#e8ecf1",
    muted="#a3adba",
    line="#313a46",
    edge="#76818f",
    accent="#4cc9b0",
    accent_soft="#21403d",
    note="#ffb072",
    systolic="#4cc9b0",
    diastolic="#e0ab6b",
    threshold="#ffe6b3",
    heart="#ff370f",
    sleep="#c7aff8",
    pulse="#b3bbe6",
    level_1="#2a5a52",
    level_2="#8a6a3f",
    level_3="#d08f45",
    level_4="#ffd3a3",
    level_none="#262d38",
    stage_deep="#7457dd",
    stage_light="#e2d8ff",
    stage_rem="#ab95fa",
    stage_awake="#e0ab6b",
    stage_asleep="#c7aff8",
)


def of(theme: Theme) -> Palette:
    """The palette of a theme."""
    return DARK if theme == "dark" else LIGHT


def css() -> str:
    """The custom properties, --name, of both themes."""
    blocks = []
    # Pages without charts (sign-in, failures) name no theme: there the system's needs no server.
    dark = ':root[data-theme="dark"]', ":root:not([data-theme])"
    for selector, palette, scheme in ((":root", LIGHT, "light"), (dark[0], DARK, "dark"), (dark[1], DARK, "dark")):
        lines = [f"  --{name.replace('_', '-')}: {value};" for name, value in asdict(palette).items()]
        block = "\n".join([f"{selector} {{", f"  color-scheme: {scheme};", *lines, "}"])
        blocks.append(f"@media (prefers-color-scheme: dark) {{\n{block}\n}}" if selector == dark[1] else block)
    # Paper is white.
    light = [f"  --{name.replace('_', '-')}: {value};" for name, value in asdict(LIGHT).items()]
    blocks.append("\n".join(['@media print {\n:root[data-theme="dark"], :root:not([data-theme]) {', *light, "}\n}"]))
    # A mark's colour by its name in the palette, for legends and sparks.
    names = [name.replace("_", "-") for name in asdict(LIGHT)]
    marks = [f".mark-{name} {{ --mark: var(--{name}); }}" for name in names]
    return "\n".join(["/* Written by `python -m dash_app.palette`. */", *blocks, *marks]) + "\n"


if __name__ == "__main__":
    TOKENS.write_text(css(), encoding="utf-8")
