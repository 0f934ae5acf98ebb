"""Colours can be read and told apart, also by people who are colour blind; the style sheet has the palette's."""

from __future__ import annotations

from itertools import combinations, pairwise

import pytest
import yaml

from dash_app import palette
from dash_app.palette import DARK, LIGHT, Palette
from tests.dash_app.colours import VISIONS, contrast, distance, lab, linear
from tests.workflow.conftest import ROOT

THEMES = pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
TEXTS = [("ink", "card"), ("ink", "ground"), ("ink", "accent_soft"), ("muted", "card"), ("muted", "ground")]
TEXTS += [("accent", "card"), ("accent", "ground"), ("note", "card"), ("note", "ground")]
TEXTS += [(mark, "card") for mark in ("systolic", "diastolic", "threshold", "heart", "sleep", "pulse")]
MARKS = ["systolic", "diastolic", "threshold", "heart", "sleep", "pulse", "accent", "edge"]
MARKS += ["stage_deep", "stage_light", "stage_rem", "stage_awake", "stage_asleep"]
# What is drawn on one chart, or in charts under one crosshair.
TOGETHER = [
    ("systolic", "diastolic", "threshold"),
    ("systolic", "diastolic", "pulse"),
    ("systolic", "diastolic", "heart", "sleep"),
    ("heart", "sleep"),
    ("stage_deep", "stage_light", "stage_rem", "stage_awake"),
    ("level_1", "level_2", "level_3", "level_4"),
]


def test_the_known_contrast_and_the_known_confusion_come_out() -> None:
    assert contrast("#ffffff", "#000000") == pytest.approx(21)
    assert contrast("#00705f", "#ffffff") == pytest.approx(6.0, abs=0.05)
    assert distance("#00ff00", "#00ff00", "deutan") == 0
    # Red and green of equal lightness: far apart, and for protan and deutan vision near.
    assert distance("#b84c1a", "#6f7300", "all cones") > 40 > 25 > distance("#b84c1a", "#6f7300", "deutan")


@THEMES
@pytest.mark.parametrize(("text", "ground"), TEXTS)
def test_text_has_a_contrast_of_four_and_a_half(theme: Palette, text: str, ground: str) -> None:
    assert contrast(theme.colour(text), theme.colour(ground)) >= 4.5


@THEMES
@pytest.mark.parametrize("mark", MARKS)
def test_marks_have_a_contrast_of_three_on_a_card(theme: Palette, mark: str) -> None:
    assert contrast(theme.colour(mark), theme.card) >= 3


@THEMES
@pytest.mark.parametrize("together", TOGETHER)
@pytest.mark.parametrize("vision", VISIONS)
def test_colours_of_one_chart_are_far_apart_for_everybody(
    theme: Palette, together: tuple[str, ...], vision: str
) -> None:
    for one, other in combinations(together, 2):
        assert distance(theme.colour(one), theme.colour(other), vision) >= 20, (one, other)


@THEMES
def test_levels_run_in_one_direction_of_lightness_away_from_the_card(theme: Palette) -> None:
    lightness = [lab(linear(theme.colour(f"level-{n}")))[0] for n in range(1, 5)]
    away = [abs(value - lab(linear(theme.card))[0]) for value in lightness]
    assert all(later - sooner >= 8 for sooner, later in pairwise(away))


def test_the_guidelines_name_colours_of_the_palette() -> None:
    told = yaml.safe_load((ROOT / "src/pdp/home_bp/guidelines.yaml").read_text(encoding="utf-8"))
    names = {level["color"] for guideline in told["guidelines"].values() for level in guideline["levels"]}
    assert names
    for name in names:
        assert LIGHT.colour(name) != DARK.colour(name)


def test_the_style_sheet_has_the_palettes_colours() -> None:
    assert palette.TOKENS.read_text(encoding="utf-8") == palette.css(), "python -m dash_app.palette"


def test_a_soft_colour_is_the_same_with_an_opacity() -> None:
    assert LIGHT.soft("level-4", 0.25) == "rgba(122,54,8,0.25)"
