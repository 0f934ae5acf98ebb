"""docs/state-format.md is enough: what it tells to do by hand brings a state back without this program."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pdp.state import commit, keyring, packs, tree
from pdp.state.backends import open_backend
from pdp.state.sealing import Keys
from tests.state import written_by_version_1 as golden

TEXT = Path("docs/state-format.md").read_text(encoding="utf-8")

# For machines without the age command: what of it the page uses, on age's Rust library.
AGE = f"""#!{sys.executable}
import sys
import pyrage
arguments = sys.argv[1:]
assert arguments.pop(0) == "-d" and arguments.pop(0) == "-i"
key = open(arguments.pop(0)).read().strip()
target = open(arguments.pop(0), "wb") if arguments[:1] == ["-o"] and arguments.pop(0) else sys.stdout.buffer
source = open(arguments[0], "rb") if arguments else sys.stdin.buffer
pyrage.decrypt_io(source, target, [pyrage.x25519.Identity.from_str(key)])
"""


def example(language: str) -> str:
    return TEXT.partition(f"```{language}\n")[2].partition("```")[0]


def a_state(where: Path, keys: Keys, files: dict[str, bytes], folder: Path) -> None:
    """A state of two commits in a folder: a raw export of two subjects, and a pack."""
    backend = open_backend(f"folder:{where}")
    said = {"op_id": "op", "made_at": "2026-10-01T00:00:00Z", "runner": "here", "code_version": "1", "totals": {}}
    backend.create(
        golden.KEYRING, lambda id, next_id: commit.write(keys, commit.first_header(id, next_id), tree=None, **said)
    )
    for path, data in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    raw = [path for path in files if "/raw/" in path]
    packed = {path: folder / path for path in files if path not in raw}
    packs.write(folder / "pack", packed)
    listed, blobs = {}, {}
    for source, paths in ((folder / raw[0], raw), (folder / "pack", list(packed))):
        name = keys.name_of(source)
        keys.seal_file(source, folder / "sealed")
        blob = backend.put_blob(folder / "sealed")
        blobs[name] = tree.Sealed(blob.id, blob.size, blob.sha256, source.name == "pack")
        for path in paths:
            digest = digest_of(files[path])
            listed[path] = tree.File(path, len(files[path]), digest, 0, name)
    (folder / "tree").write_bytes(tree.Tree(listed, blobs).write())
    keys.seal_file(folder / "tree", folder / "sealed")
    blob = backend.put_blob(folder / "sealed")
    held = commit.TreeBlob(blob.id, blob.size, blob.sha256, keys.name_of(folder / "tree"))
    tip = backend.read_tip()
    backend.append_commit(
        tip,
        lambda id, next_id: commit.write(keys, commit.header_after(tip.data, id, next_id), tree=held, **said),
    )


def digest_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@pytest.mark.skipif(not all(map(shutil.which, ("sh", "jq", "tar", "sha256sum"))), reason="needs jq and coreutils")
def test_a_state_is_brought_back_by_hand_as_the_page_says(tmp_path: Path) -> None:
    keys = keyring.open_with(golden.KEYRING, keyring.RecoveryKey(golden.RECOVERY))
    export = digest_of(b"raw")[:16]
    files = {
        f"resources/raw/anna/{export}": b"raw",
        f"resources/raw/bert/{export}": b"raw",
        "results/summary/anna/daily.parquet": bytes(100_000),
        "results/manifests/anna/cuff.json": b"{}\n",
    }
    (tmp_path / "work").mkdir()
    a_state(tmp_path / "state", keys, files, tmp_path / "work")
    (tmp_path / "recovery.key").write_text(golden.RECOVERY.replace(" ", "") + "\n")
    path = os.environ["PATH"]
    if not shutil.which("age"):
        (tmp_path / "bin").mkdir()
        (tmp_path / "bin" / "age").write_text(AGE)
        (tmp_path / "bin" / "age").chmod(0o700)
        path = f"{tmp_path / 'bin'}:{path}"
    run = subprocess.run(
        ["sh", "-c", example("sh")], cwd=tmp_path, env={"PATH": path}, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    found = {
        p.relative_to(tmp_path / "out").as_posix(): p.read_bytes() for p in (tmp_path / "out").rglob("*") if p.is_file()
    }
    assert found == files


def test_the_pages_program_opens_a_keyring_by_the_password(tmp_path: Path) -> None:
    (tmp_path / "keyring.json").write_bytes(golden.KEYRING)
    program = "import getpass; getpass.getpass = lambda _: input()\n" + example("python")
    subprocess.run(
        [sys.executable, "-c", program, "keyring.json"],
        cwd=tmp_path,
        input=golden.PASSWORD + "\n",
        text=True,
        check=True,
    )
    opened = Keys.of((tmp_path / "identity.key").read_text())
    assert opened.name_of(golden.PLAIN) == golden.NAME


def test_the_page_names_the_fields_and_formats_that_are_written() -> None:
    ring = json.loads(golden.KEYRING)
    written = {
        *ring,
        *(field for slot in ring["slots"] for field in slot if field not in ("kind", "name", "kdf", "version")),
    }
    written |= set(commit.Header.__dataclass_fields__) | {"op_id", "made_at", "runner", "code_version", "totals"}
    assert {name for name in written if f"`{name}`" not in TEXT} == set()
    for line in (f"`pdp_state` = {commit.FORMAT}", f"`pdp_tree` = {tree.FORMAT}", f"`pdp_keyring` = {keyring.FORMAT}"):
        assert line in TEXT
