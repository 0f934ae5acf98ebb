"""Two subjects may have one and the same export, such as a sheet both of them keep."""

import hashlib
from pathlib import Path

from pdp.state import commit
from pdp.state.backends import open_backend
from pdp.state.pull import pull
from pdp.state.push import push
from pdp.state.sealing import Keys


def test_an_export_of_two_subjects_is_stored_once_and_comes_to_both(tmp_path: Path) -> None:
    keys, backend = Keys.new(), open_backend(f"folder:{tmp_path / 'state'}")
    said = {"op_id": "op", "made_at": "", "runner": "", "code_version": "", "tree": None, "totals": {}}
    backend.create(b"{}\n", lambda id, next_id: commit.write(keys, commit.first_header(id, next_id), **said))
    name = hashlib.sha256(b"export").hexdigest()[:16]
    for subject in ("anna", "bert"):
        export = tmp_path / "here/resources/raw" / subject / name
        export.parent.mkdir(parents=True)
        export.write_bytes(b"export")
    push(tmp_path / "here", backend, keys)
    assert len(list((tmp_path / "state/blobs").iterdir())) == 2, "the export and the list of files"

    (tmp_path / "there").mkdir()
    pull(tmp_path / "there", backend, keys)
    found = {path.parent.name: path.read_bytes() for path in (tmp_path / "there/resources/raw").rglob(name)}
    assert found == {"anna": b"export", "bert": b"export"}
