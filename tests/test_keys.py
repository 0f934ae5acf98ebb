"""Digests of code: what runs, and nothing else."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pdp import keys

SOURCE = '''"""Doc."""
import json
from pdp import other

LIMIT = 3  # why


def double(value: int) -> int:
    """Twice."""
    return 2 * value
'''


@pytest.fixture
def code(tmp_path: Path) -> Path:
    package = tmp_path / "src" / "pdp"
    package.mkdir(parents=True)
    (tmp_path / "scripts").mkdir()
    (package / "__init__.py").write_text("")
    (package / "one.py").write_text(SOURCE)
    (package / "other.py").write_text("import numpy\nfrom pdp import third\n")
    (package / "third.py").write_text("VALUE = 1\n")
    (package / "alone.py").write_text("VALUE = 1\n")
    (tmp_path / "scripts" / "stage.py").write_text("from pdp import one\n")
    return tmp_path


def closure(root: Path) -> tuple[dict[str, str], dict[str, str]]:
    return keys.Code(root / "src", root / "cache.json").closure(root / "scripts" / "stage.py")


def test_imports_are_followed_and_named(code: Path) -> None:
    digests, libraries = closure(code)
    assert list(digests) == ["pdp", "pdp.one", "pdp.other", "pdp.third", "scripts/stage.py"]
    assert list(libraries) == ["numpy"]


@pytest.mark.parametrize(
    "edited",
    [
        SOURCE.replace('"""Doc."""', '"""Another."""'),
        SOURCE.replace("  # why", ""),
        SOURCE.replace("LIMIT = 3", "LIMIT  =  (3)"),
        SOURCE.replace('    """Twice."""\n', ""),
    ],
)
def test_docstring_comment_and_layout_do_not_count(code: Path, edited: str) -> None:
    before = closure(code)
    (code / "src/pdp/one.py").write_text(edited)
    assert closure(code) == before


def test_an_edit_changes_the_digest_of_its_module_alone(code: Path) -> None:
    before, _ = closure(code)
    (code / "src/pdp/third.py").write_text("VALUE = 2\n")
    after, _ = closure(code)
    assert {name for name in before if before[name] != after[name]} == {"pdp.third"}


def test_an_edit_whose_times_were_set_back_is_seen(code: Path) -> None:
    module = code / "src/pdp/third.py"
    status = module.stat()
    keys_before = keys.Code(code / "src", code / "cache.json")
    before, _ = keys_before.closure(code / "scripts/stage.py")
    keys_before.save()
    module.write_text("VALUE = 2\n")
    os.utime(module, ns=(status.st_atime_ns, status.st_mtime_ns))
    after, _ = keys.Code(code / "src", code / "cache.json").closure(code / "scripts/stage.py")
    assert before["pdp.third"] != after["pdp.third"]


@pytest.mark.parametrize("damage", ['{"half', "[]", '{"made_by": [1, "3.11"], "modules": {}}'])
def test_a_damaged_or_older_cache_is_made_again(code: Path, damage: str) -> None:
    before = closure(code)
    (code / "cache.json").write_text(damage)
    assert closure(code) == before


def test_a_copy_elsewhere_is_not_parsed_again(code: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    digests = keys.Code(code / "src", code / "cache.json")
    before = digests.closure(code / "scripts/stage.py")
    digests.save()
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "copy"
    shutil.copytree(code, elsewhere, copy_function=shutil.copy)  # new times, new inodes
    kept = json.loads((elsewhere / "cache.json").read_text())
    for found in kept["modules"].values():
        found[0] = "from the cache"
    (elsewhere / "cache.json").write_text(json.dumps(kept))
    after = closure(elsewhere)
    assert set(after[0].values()) == {"from the cache"}
    assert after[0].keys() == before[0].keys()


def test_measures_are_read_without_importing(code: Path) -> None:
    formats = code / "src/pdp/formats"
    formats.mkdir()
    (formats / "mine.py").write_text('MEASURES = ("heart_rate",)\nraise RuntimeError("imported")\n')
    assert keys.Code(code / "src", code / "cache.json").measures("mine") == ("heart_rate",)


def test_the_order_of_settings_is_part_of_a_key(code: Path) -> None:
    digests = keys.Code(code / "src", code / "cache.json")
    one = keys.key("stage", digests, code / "scripts/stage.py", {"priority": ["a", "b"]})
    other = keys.key("stage", digests, code / "scripts/stage.py", {"priority": ["b", "a"]})
    assert one != other
    assert json.loads(one)["settings"] == {"priority": ["a", "b"]}


@given(st.text(max_size=20))
def test_a_key_file_is_replaced_only_by_other_content(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.mktemp("key") / "rule" / "key.json"
    text = text.replace("\r", "\n")
    text = text.encode("utf-8", "ignore").decode()
    assert keys.write_if_changed(path, text)
    inode = path.stat().st_ino
    assert not keys.write_if_changed(path, text)
    assert path.stat().st_ino == inode
    assert keys.write_if_changed(path, text + "x")
