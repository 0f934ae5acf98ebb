"""Look into every layer of a saved image: no private file, no test, no repository, no compiler, no planted canary.

    python layers.py image.tar        as `docker save` or `buildah push ... docker-archive:` writes it

A file that a later layer removed is still in the earlier one, so all layers count.
"""

from __future__ import annotations

import io
import json
import re
import sys
import tarfile
from collections.abc import Iterator

CANARY = b"canary-7f3a9c51"
UNWANTED = {
    "a repository": r"(^|/)\.git(/|$)",
    "the project's tests": r"^app/tests(/|$)",
    "a secret's place": r"^app/(\.env|credentials/.+|config/(?!config\.yaml$).+)$",
    "private data": r"^app/(resources/(raw|state)/.+|results/.+)$",
    "a compiler": r"^(usr/)?(local/)?bin/(gcc|g\+\+|cc|clang|make)$",
    "an installer in the environment": r"^opt/venv/bin/(pip|uv)",
}


def files(image: tarfile.TarFile) -> Iterator[tuple[str, str, bytes]]:
    """Layer, path and bytes of every entry."""
    manifest = json.load(image.extractfile("manifest.json"))[0]
    for layer in manifest["Layers"]:
        with tarfile.open(fileobj=io.BytesIO(image.extractfile(layer).read())) as entries:
            for entry in entries:
                content = entries.extractfile(entry).read() if entry.isfile() else b""
                yield layer[:12], entry.name.removeprefix("./"), content


def main() -> None:
    """Exit code 1 and one line for each finding."""
    found, count, size = [], 0, 0
    with tarfile.open(sys.argv[1]) as image:
        for layer, path, content in files(image):
            count, size = count + 1, size + len(content)
            found += [f"{layer} {path}: {what}" for what, pattern in UNWANTED.items() if re.search(pattern, path)]
            if CANARY in content:
                found.append(f"{layer} {path}: planted canary")
    if count < 1000:
        found.append(f"only {count} entries: is this an image of ours?")
    sys.stdout.write("".join(f"{line}\n" for line in found) + f"layers: {count:,} entries, {size / 1e6:.0f} MB\n")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
