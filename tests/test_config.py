"""The schema, the README and the conda environment are made from the code and agree with it."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from pdp import conda_env, config_schema, key_files, keys
from pdp.config import load

ROOT = Path(__file__).parents[1]


def test_the_schema_in_the_repository_is_the_one_made_from_the_settings() -> None:
    assert (ROOT / config_schema.SCHEMA).read_text() == config_schema.schema_text(), (
        f"run `{config_schema.COMMAND}` and commit"
    )


def test_the_readme_lists_every_key() -> None:
    text = (ROOT / config_schema.README).read_text()
    assert text == config_schema.readme_text(text), f"run `{config_schema.COMMAND}` and commit"


def test_every_key_has_a_description() -> None:
    rows = [line for line in config_schema.table().splitlines()[2:] if line.split("|")[5].strip() in ("", "()")]
    assert rows == []


def test_the_schema_is_a_valid_schema_with_closed_objects() -> None:
    schema = config_schema.schema()
    jsonschema.Draft202012Validator.check_schema(schema)

    def objects(node: object) -> list[dict]:
        if isinstance(node, dict):
            mine = [node] if node.get("type") == "object" else []
            return mine + [each for value in node.values() for each in objects(value)]
        return [each for value in node for each in objects(value)] if isinstance(node, list) else []

    assert [node for node in objects(schema) if "additionalProperties" not in node] == []


def test_the_conda_environment_has_the_pins_of_the_lock() -> None:
    lock = (ROOT / conda_env.LOCK).read_text()
    assert (ROOT / conda_env.ENVIRONMENT).read_text() == conda_env.text(lock), "run `make docs` and commit"


def test_the_conda_environment_holds_every_library_that_a_rule_imports(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    demo = yaml.safe_load((ROOT / "config/config.yaml").read_text())
    monkeypatch.chdir(tmp_path)
    loaded = load(demo, {}, [], ROOT / config_schema.SCHEMA)
    texts = key_files.every(loaded, keys.Code(ROOT / "src", tmp_path / "cache.json"), ROOT).values()
    imported = {name for text in texts for name in json.loads(text).get("libraries", {})}
    assert {conda_env.DISTRIBUTIONS.get(name, name) for name in imported} - set(conda_env.LIBRARIES) == set()


def test_the_examples_of_the_readme_are_accepted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (ROOT / config_schema.README).read_text()
    blocks = [block.split("```")[0] for block in text.split("```yaml\n")[1:]]
    whole, band, zones = blocks[:3]
    example = yaml.safe_load(whole + band)
    example["subjects"]["me"] |= yaml.safe_load(zones)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MI_BAND_2024", "x")
    monkeypatch.setenv("MI_BAND_2025", "y")
    loaded = load(example, {}, [], ROOT / config_schema.SCHEMA)
    assert list(loaded.subjects["me"].sources) == ["cuff", "band"]
    assert len(loaded.subjects["me"].time_zone) == 3


def test_subjects_of_the_command_line_take_the_place_of_the_demo(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    demo = yaml.safe_load((ROOT / "config/config.yaml").read_text())
    source = {"transport": "folder", "location": {"path": "x"}, "format": "bp_log"}
    mine = {"me": {"time_zone": "Asia/Kathmandu", "sources": {"cuff": source}}}
    merged = {"subjects": demo["subjects"] | mine}
    assert list(load(merged, {"subjects": mine}, [], ROOT / config_schema.SCHEMA).subjects) == ["me"]


def test_a_password_changes_the_key_and_does_not_stand_in_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    source = {
        "transport": "folder",
        "location": {"path": "x"},
        "format": "zepp_life",
        "passwords_from": ["PDP_TEST_PASSWORD"],
    }
    values = {"subjects": {"me": {"time_zone": "Europe/Berlin", "sources": {"band": source}}}}

    def key(password: str) -> str:
        monkeypatch.setenv("PDP_TEST_PASSWORD", password)
        loaded = load(values, {}, [], ROOT / config_schema.SCHEMA)
        code = keys.Code(ROOT / "src", tmp_path / "cache.json")
        return key_files.every(loaded, code, ROOT)[key_files.FOLDER / "normalize/me/band.json"]

    assert key("correct horse") != key("battery staple")
    assert "horse" not in key("correct horse")


@pytest.mark.parametrize("path", sorted(ROOT.glob("scripts/*.py")), ids=lambda path: path.stem)
def test_a_script_is_a_shim(path: Path) -> None:
    text = path.read_text()
    assert len(text.splitlines()) <= 20
    assert not any(line.lstrip().startswith(("def ", "if ", "class ")) for line in text.splitlines())
