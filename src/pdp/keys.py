"""Content keys: what a job's identity is made of, apart from its input files.

Snakemake compares files by time, does not see what a script imports, and compares parameters as a
set of values. So each rule has a small JSON file that is written only when its content changes,
and is an input of the rule's jobs. It holds the AST digest of the rule's script and of every
module of this package that it imports, transitively (docstrings, comments and layout left out),
the part of the configuration that the rule reads, the versions of the libraries that those
modules import, and Python's minor version.

Limits: imports are found as text, so a module loaded by name (a format) is named by the caller.
"""

from __future__ import annotations

import ast
import hashlib
import json
import os
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

PACKAGE = "pdp"
CACHE = Path(".snakemake/pdp/digests.json")
# Libraries that are not called as their module is. Others are looked for in all of them: a tenth of a second.
LIBRARIES = {"yaml": "PyYAML"}
ALGORITHM = 2  # raise it when digests are made differently
_MADE_BY = [ALGORITHM, sys.version]


@dataclass(frozen=True)
class Module:
    """One source file: digest of its code, what it imports, and its literal constants MEASURES."""

    digest: str
    imports: tuple[str, ...]
    measures: tuple[str, ...]


class Code:
    """Digests of source files. What parsing a file gave is kept by the SHA-256 of its bytes: reading costs a tenth."""

    def __init__(self, root: Path, cache_file: Path = CACHE) -> None:
        self._root = root
        self._cache_file = cache_file
        self._cached = _kept(cache_file)
        self._used: dict[str, Any] = {}  # by SHA-256
        self._modules: dict[Path, Module] = {}
        self._places: dict[str, Path | None] = {}

    def module(self, path: Path) -> Module:
        """The file's digest and imports, parsed only when no file of these bytes was."""
        if path in self._modules:
            return self._modules[path]
        source = path.read_bytes()
        content = hashlib.sha256(source).hexdigest()
        known = self._cached.get(content)
        found = Module(known[0], tuple(known[1]), tuple(known[2])) if known else _parse(source, path)
        self._used[content] = [found.digest, found.imports, found.measures]
        self._modules[path] = found
        return found

    def measures(self, format_name: str) -> tuple[str, ...]:
        """MEASURES of a format, without importing it."""
        path = self._find(f"{PACKAGE}.formats.{format_name}")
        return self.module(path).measures if path else ()

    def closure(self, script: Path, also: Iterable[str] = ()) -> tuple[dict[str, str], dict[str, str]]:
        """Everything a script runs.

        Args:
            script: The rule's script.
            also: Modules it loads by name.

        Returns:
            Digest by module name (the script under "scripts/<name>"), version by library.
        """
        digests = {f"scripts/{script.name}": self.module(script).digest}
        libraries: set[str] = set()
        todo = [*self.module(script).imports, *also]
        while todo:
            name = todo.pop()
            if name.split(".")[0] != PACKAGE:
                libraries.add(name.split(".")[0])
                continue
            path = self._find(name)
            if path is None or name in digests:
                continue
            found = self.module(path)
            digests[name] = found.digest
            todo += found.imports
            todo += [name.rsplit(".", 1)[0]] if "." in name else []
        versions = {name: _version(name) for name in libraries - sys.stdlib_module_names}
        return dict(sorted(digests.items())), dict(sorted(versions.items()))

    def save(self) -> None:
        """Keep the digests for the next start."""
        if self._used.keys() != self._cached.keys():
            write_if_changed(self._cache_file, json.dumps({"made_by": _MADE_BY, "modules": self._used}))

    def _find(self, name: str) -> Path | None:
        """The file of a module, package before module as Python does; None for a name inside one."""
        if name not in self._places:
            place = self._root.joinpath(*name.split("."))
            candidates = (place / "__init__.py", place.with_suffix(".py"))
            self._places[name] = next((path for path in candidates if path.is_file()), None)
        return self._places[name]


def key(rule: str, code: Code, script: Path, settings: Mapping[str, Any], also: Iterable[str] = ()) -> str:
    """The text of a rule's key file. Settings keep their order: an order of sources means something."""
    digests, versions = code.closure(script, also)
    content = {
        "rule": rule,
        "code": digests,
        "settings": settings,
        "libraries": versions,
        "python": f"{sys.version_info.major}.{sys.version_info.minor}",
    }
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def write_if_changed(path: Path, text: str) -> bool:
    """Replace a small file as a whole, and only if its content differs."""
    try:
        if path.read_text(encoding="utf-8") == text:
            return False
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)
    return True


def _kept(cache_file: Path) -> dict[str, Any]:
    """What was parsed before in the same way: [digest, imports, measures] by SHA-256."""
    try:
        kept = json.loads(cache_file.read_text())
        return dict(kept["modules"]) if kept["made_by"] == _MADE_BY else {}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def _parse(source: bytes, path: Path) -> Module:
    tree = ast.parse(source, filename=str(path))
    measures: tuple[str, ...] = ()
    for statement in tree.body:
        targets = statement.targets if isinstance(statement, ast.Assign) else []
        if any(isinstance(target, ast.Name) and target.id == "MEASURES" for target in targets):
            try:
                measures = tuple(ast.literal_eval(statement.value))  # type: ignore[attr-defined]
            except (ValueError, TypeError):
                measures = ()
    stripped = _Strip().visit(tree)
    imports = sorted(set(_imports(stripped)))
    digest = hashlib.sha256(ast.dump(stripped, include_attributes=False).encode()).hexdigest()
    return Module(digest[:16], tuple(imports), measures)


def _imports(tree: ast.AST) -> Iterable[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module and node.module != "__future__":
            yield node.module
            if node.module.split(".")[0] == PACKAGE:
                yield from (f"{node.module}.{alias.name}" for alias in node.names)


class _Strip(ast.NodeTransformer):
    """Takes out what does not run: docstrings, and imports for the type checker."""

    def _without_docstring(self, node: Any) -> Any:
        self.generic_visit(node)
        first = node.body[0] if node.body else None
        if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
            node.body = node.body[1:] or [ast.Pass()]
        return node

    visit_Module = visit_FunctionDef = visit_AsyncFunctionDef = visit_ClassDef = _without_docstring

    def visit_If(self, node: ast.If) -> Any:
        self.generic_visit(node)
        if isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            return node.orelse or None
        return node


@cache
def _version(module: str) -> str:
    try:
        return metadata.version(LIBRARIES.get(module, module))
    except metadata.PackageNotFoundError:
        for distribution in metadata.packages_distributions().get(module, []):
            return metadata.version(distribution)
        return "not installed"
