"""guidelines.yaml: every number with its source, and levels that no pair of pressures falls between."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from pdp import config, config_schema, home_bp, key_files, keys
from pdp.errors import PdpError
from pdp.home_bp.guidelines import FILE
from pdp.home_bp.home_bp_settings import GUIDELINE_NAMES, PROTOCOL_NAMES
from tests import home_bp_oracle as oracle

ROOT = Path(__file__).resolve().parents[1]
GUIDELINES = home_bp.guidelines()
BOUNDS = [bound + step for bound in (70, 80, 85, 120, 130, 135) for step in (-1.0, -0.6, -0.5, 0.0, 0.4)]
PRESSURES = st.sampled_from(BOUNDS) | st.floats(40, 260)


def test_the_settings_offer_exactly_the_guidelines_and_protocols_of_the_file() -> None:
    assert tuple(GUIDELINES) == GUIDELINE_NAMES
    assert (*home_bp.protocols(), "custom") == PROTOCOL_NAMES


def test_every_guideline_and_protocol_is_cited_and_every_number_has_a_source() -> None:
    for guideline in GUIDELINES.values():
        assert str(guideline.year) in guideline.name
        assert "doi:" in guideline.citation
        for told in (guideline.threshold, *guideline.levels):
            assert told.source
    for protocol in home_bp.protocols().values():
        assert protocol.citation
        assert protocol.source


def test_what_is_told_from_memory_is_not_called_checked_and_what_is_checked_names_an_address() -> None:
    for guideline in GUIDELINES.values():
        for told in (guideline.threshold, *guideline.levels):
            assert told.is_checked == told.source.startswith("https://"), (guideline.key, told)
            assert told.is_checked != ("memory" in told.source), (guideline.key, told)
    assert not home_bp.protocols()["esh"].is_checked
    assert {key for key, each in GUIDELINES.items() if each.is_checked} == {"acc_aha_2017"}


def test_levels_rise_begin_open_and_are_coloured_by_tokens_from_light_to_dark() -> None:
    for guideline in GUIDELINES.values():
        levels = guideline.levels
        assert [level.order for level in levels] == list(range(len(levels)))
        assert (levels[0].systolic_from_mmhg, levels[0].diastolic_from_mmhg) == (None, None)
        starts = [level.systolic_from_mmhg for level in levels[1:]]
        assert starts == sorted(starts)
        colors = [level.color for level in levels]
        assert all(re.fullmatch(r"level-\d", color) for color in colors)
        assert colors == sorted(set(colors))


def test_a_level_begins_at_the_threshold_of_its_own_guideline() -> None:
    for guideline in GUIDELINES.values():
        bounds = {(level.systolic_from_mmhg, level.diastolic_from_mmhg) for level in guideline.levels}
        assert (guideline.threshold.systolic_mmhg, guideline.threshold.diastolic_mmhg) in bounds


@given(systolic=PRESSURES, diastolic=PRESSURES)
@settings(max_examples=600)
def test_levels_agree_with_thresholds_typed_anew(systolic: float, diastolic: float) -> None:
    for key, guideline in GUIDELINES.items():
        assert guideline.level_of(systolic, diastolic).key == oracle.level(key, systolic, diastolic)


@pytest.mark.parametrize(
    ("guideline", "systolic", "diastolic", "level"),
    [
        ("esc_2024", 119, 69, "non_elevated"),
        ("esc_2024", 119, 70, "elevated"),
        ("esc_2024", 134.4, 84.4, "elevated"),
        ("esc_2024", 134.5, 70, "hypertension_range"),  # shown as 135
        ("esc_2024", 110, 85, "hypertension_range"),
        ("esh_2023", 134, 84, "below_threshold"),
        ("acc_aha_2017", 125, 79, "elevated"),
        ("acc_aha_2017", 125, 80, "stage_1_range"),  # elevated only where diastolic is below 80
        ("acc_aha_2017", 118, 79, "normal"),
        ("acc_aha_2017", 129, 85, "stage_2_range"),
    ],
)
def test_the_higher_level_wins_where_the_two_pressures_disagree(
    guideline: str, systolic: float, diastolic: float, level: str
) -> None:
    assert home_bp.guideline(guideline).level_of(systolic, diastolic).key == level


def test_a_level_never_contradicts_the_number_as_it_is_shown() -> None:
    assert [home_bp.whole_mmhg(value) for value in (134.49, 134.5, 135.5, 136.0)] == [134, 135, 136, 136]


def test_no_word_of_the_file_or_of_a_verdict_is_a_diagnosis() -> None:
    text = FILE.read_text(encoding="utf-8")
    words = [level.title for each in GUIDELINES.values() for level in each.levels]
    assert not re.search(r"you have|diagnosis|patient|healthy|danger", text.lower())
    assert not [title for title in words if title.lower() in ("hypertension", "stage 1", "stage 2")]
    assert "not a diagnosis" in home_bp.NOT_A_DIAGNOSIS.sentence
    assert home_bp.DIPPING.key == "dipping_cannot_be_judged"


def test_an_unknown_guideline_or_level_is_refused_with_the_nearest() -> None:
    with pytest.raises(PdpError, match="Did you mean"):
        home_bp.guideline("esc_2023")
    with pytest.raises(PdpError, match='ESC 2024 has no level "elevatd"'):
        home_bp.guideline("esc_2024").level("elevatd")


def test_a_changed_threshold_makes_the_rule_run_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    demo: dict[str, Any] = yaml.safe_load((ROOT / "config/config.yaml").read_text())
    monkeypatch.chdir(tmp_path)
    loaded = config.load(demo, {}, [], ROOT / config_schema.SCHEMA)
    root = tmp_path / "project"
    root.mkdir()
    (root / "scripts").symlink_to(ROOT / "scripts")
    (root / "src/pdp/home_bp").mkdir(parents=True)
    guidelines = root / "src/pdp/home_bp/guidelines.yaml"

    def digest(text: str) -> str:
        guidelines.write_text(text)
        code = keys.Code(ROOT / "src", tmp_path / "cache.json")
        texts = key_files.every(loaded, code, root)
        found: str = json.loads(texts[key_files.FOLDER / "home_bp/demo.json"])["settings"]["guidelines"]
        return found

    text = FILE.read_text(encoding="utf-8")
    assert digest(text) == digest(text)
    assert digest(text) != digest(text.replace("135", "134"))
