"""Where the code that ran stands: the address of its repository, and the commit whose code it was.

The address is told, never found: a git remote may hold credentials. The registry records digests of the code and no
commit, so a commit is told where it holds just that code: the checkout that this program runs from has no edits of
its own, and its modules have the digests that the job recorded.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from openlineage.client import facet_v2 as facets

import pdp
from pdp import keys
from pdp.interchange.registry_stream import Code, Job

REPOSITORY = "OPENLINEAGE_REPOSITORY"  # where a run puts openlineage.repository of its configuration
Facet = facets.source_code_location_job.SourceCodeLocationJobFacet
_CODE = ("Snakefile", "workflow", "scripts", "src")
_GIT_S = 2.0  # a file system that hangs must not keep events from being told


def address(environment: Mapping[str, str], *, is_discreet: bool) -> str:
    """The repository's address without credentials; "" where none is told, or what is told is no web address.

    Args:
        environment: Of the process.
        is_discreet: Then only what the owner wrote: an address at GitHub names an account.
    """
    told = environment.get(REPOSITORY, "").strip()
    at_github = environment.get("GITHUB_SERVER_URL"), environment.get("GITHUB_REPOSITORY")
    if not told and all(at_github) and not is_discreet:
        told = "/".join(map(str, at_github))
    parts = urlsplit(told)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return ""
    path = parts.path.rstrip("/").removesuffix(".git")
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], path, "", ""))


class Location:
    """Tells where jobs' code is.

    Args:
        repository: As address() gives it; "" : nothing is told.
        folder: The checkout that the code runs from.
    """

    def __init__(self, repository: str, folder: Path | None = None) -> None:
        self._repository = repository
        self._folder = folder or Path(pdp.__file__).parents[2]
        self._present = keys.Code(self._folder / "src")

    def of_rule(self, code: Code | None) -> Facet | None:
        """The script of a rule; None where its code is not on record."""
        script = next((name for name in code.modules if name.startswith("scripts/")), None) if code else None
        return self._at(script, [code]) if code and script else None

    def of_workflow(self, jobs: Iterable[Job]) -> Facet | None:
        """The Snakefile, with the commit if it is that of every job."""
        return self._at("Snakefile", [job.code for job in jobs if job.code])

    def _at(self, path: str, codes: list[Code]) -> Facet | None:
        if not self._repository:
            return None
        commit = self._commit if codes and self._commit and all(map(self._is_present, codes)) else ""
        return Facet(
            type="git",
            url=f"{self._repository}/blob/{commit}/{path}" if commit else self._repository,
            repoUrl=f"{self._repository}.git",
            path=path,
            version=commit or None,
        )

    @cached_property
    def _commit(self) -> str:
        """The checkout's; "" where it is none, or its code was edited since."""
        top, _, commit = self._git("rev-parse", "--show-toplevel", "HEAD").partition("\n")
        if not commit or Path(top).resolve() != self._folder.resolve():
            return ""
        return "" if self._git("status", "--porcelain", "--", *_CODE) else commit

    def _git(self, *arguments: str) -> str:
        """What git says; for one that is not there or fails, what no question here takes for a clean checkout."""
        try:
            command = ["git", "-C", str(self._folder), *arguments]
            done = subprocess.run(command, capture_output=True, text=True, timeout=_GIT_S)  # noqa: S603 - no shell
        except (OSError, subprocess.TimeoutExpired):
            return "?"
        return done.stdout.strip() if done.returncode == 0 else "?"

    def _is_present(self, code: Code) -> bool:
        return all(self._digest(name) == digest for name, digest in code.modules.items())

    def _digest(self, module: str) -> str | None:
        place = self._folder / "src" / Path(*module.split("."))
        candidates = [self._folder / module] if "/" in module else [place / "__init__.py", place.with_suffix(".py")]
        found = next((path for path in candidates if path.is_file()), None)
        return self._present.module(found).digest if found else None


def here(*, is_discreet: bool) -> Location:
    """Where the code of this process is, as far as its environment tells."""
    return Location(address(os.environ, is_discreet=is_discreet))
