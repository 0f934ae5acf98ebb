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
        note: The demo's badge, notes; also the threshold's line and label.
        systolic, diastolic, threshold, heart, sleep, pulse: Marks and labels of measures.
        level_0 to level_6: Ordered levels of blood pressure, from the lowest to the highest.
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
    level_0: str
    level_1: str
    level_2: str
    level_3: str
    level_4: str
    level_5: str
    level_6: str
    level_none: str
    stage_deep: str
    stage_light: str
    stage_rem: str
    stage_awake: str
    stage_asleep: str

    def soft(self, name: str, opacity: float = 0.2) -> str:
        """A colour of the palette to fill an area with, as rgba(...)."""
        red, green, blue = (int(str(getattr(self, name))[at : at + 2], 16) for at in (1, 3, 5))
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
    threshold="#8a3b00",
    heart="#5c0000",
    sleep="#8650f1",
    pulse="#5b6573",
    level_0="#d5ebe6",
    level_1="#bcd9cf",
    level_2="#ead6b8",
    level_3="#d9a878",
    level_4="#c2763c",
    level_5="#96480f",
    level_6="#5e2600",
    level_none="#eef0f3",
    stage_deep="#2b1a6b",
    stage_light="#a48af0",
    stage_rem="#5f37c4",
    stage_awake="#b06a1f",
    stage_asleep="#8650f1",
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
    threshold="#ffb072",
    heart="#ff370f",
    sleep="#c7aff8",
    pulse="#a3adba",
    level_0="#27544c",
    level_1="#3a6f65",
    level_2="#7b6544",
    level_3="#a5763f",
    level_4="#cf8a3f",
    level_5="#f0a860",
    level_6="#ffd9b3",
    level_none="#262d38",
    stage_deep="#6a4fd0",
    stage_light="#c7aff8",
    stage_rem="#9a78f0",
    stage_awake="#e0ab6b",
    stage_asleep="#b698f5",
)


def of(theme: Theme) -> Palette:
    """The palette of a theme."""
    return DARK if theme == "dark" else LIGHT


def css() -> str:
    """The custom properties, --name, of both themes."""
    blocks = []
    for selector, palette, scheme in ((":root", LIGHT, "light"), (':root[data-theme="dark"]', DARK, "dark")):
        lines = [f"  --{name.replace('_', '-')}: {value};" for name, value in asdict(palette).items()]
        blocks.append("\n".join([f"{selector} {{", f"  color-scheme: {scheme};", *lines, "}"]))
    # A mark's colour by its name in the palette, for legends and sparks.
    marks = [f".mark-{name} {{ --mark: var(--{name.replace('_', '-')}); }}" for name in asdict(LIGHT)]
    return "\n".join(["/* Written by `python -m dash_app.palette`. */", *blocks, *marks]) + "\n"


if __name__ == "__main__":
    TOKENS.write_text(css(), encoding="utf-8")
