"""What datasets are called: short names for paths, and the path that a short name means."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import PurePosixPath

from sqlalchemy import select
from sqlalchemy.orm import Session

from pdp.errors import RegistryError, nearest
from pdp.lineage import queries
from pdp.lineage.model import Dataset

# Layers with one table per subject: merged/blood_pressure is results/merged/<subject>/blood_pressure.parquet
_ONE_FOLDER_PER_SUBJECT = ("merged", "superseded", "summary", "published")
_ONE_FOLDER_PER_EXPORT = ("normalized", "validated", "quarantine")


def short_names(path: str) -> tuple[str, ...]:
    """What a path may be called: itself, without results/ and suffix, without the subject, the export, by its stem."""
    bare = PurePosixPath(path).with_suffix("").as_posix()
    parts = bare.split("/")
    inner = "/".join(parts[1:]) if parts[0] == "results" else bare
    names = [path, bare, inner, f"{inner}{PurePosixPath(path).suffix}"]
    inner_parts = inner.split("/")
    if inner_parts[0] in _ONE_FOLDER_PER_SUBJECT and len(inner_parts) == 3:
        names += [
            f"{inner_parts[0]}/{inner_parts[2]}",
            f"{inner_parts[0]}/{inner_parts[2]}{PurePosixPath(path).suffix}",
        ]
        if inner_parts[0] == "summary":
            names.append(inner_parts[2])
    elif inner_parts[0] in _ONE_FOLDER_PER_EXPORT and len(inner_parts) > 3:
        layer, _, source, *of_export = inner_parts
        names += ["/".join([layer, source, *of_export]), "/".join([layer, source, *of_export[1:]])]
    return tuple(names)


def subject_of(path: str) -> str:
    """The subject that an artifact belongs to: the folder after the layer."""
    parts = path.split("/")
    return parts[2] if len(parts) > 3 else ""


def resolve(session: Session, name: str, subject: str | None = None) -> str:
    """The path that a short name means.

    Raises:
        RegistryError: None, or several subjects have it; names the nearest.
    """
    if session.scalar(select(Dataset.path).where(Dataset.path == name)):
        return name
    wanted = name.removeprefix("./").rstrip("/")
    stem = PurePosixPath(wanted).stem  # stands in the path, whatever else its short name leaves out
    paths = list(session.scalars(select(Dataset.path).where(Dataset.path.contains(stem, autoescape=True))))
    found = [path for path in paths if wanted in short_names(path) and subject in (None, subject_of(path))]
    if len(found) > 1 and subject is None:
        run = queries.last_run(session)  # who is no longer configured must not stand in the way of who is
        found = [path for path in found if run is None or subject_of(path) in run.subjects] or found
    if len(found) == 1:
        return found[0]
    if found:
        found.sort()
        subjects = sorted({subject_of(path) for path in found})
        if len(subjects) > 1:
            what = f'"{name}" is there for several subjects: {", ".join(subjects)}.'
            raise RegistryError(what, hint="Say which one: --subject NAME")
        several = ", ".join(PurePosixPath(path).with_suffix("").as_posix() for path in found)
        raise RegistryError(f'"{name}" is there of several exports: {several}.', hint="Write one of these.")
    paths = list(session.scalars(select(Dataset.path)))
    if not paths:
        raise RegistryError("the registry holds no dataset yet.", hint="Run the pipeline first: snakemake --cores 4")
    known = sorted({_shortest(path) for path in paths if path.startswith("results/")}, key=len)
    if subject is not None and subject not in {subject_of(path) for path in paths}:
        raise RegistryError(
            f'there is no subject "{subject}".', hint=nearest(subject, {subject_of(p) for p in paths} - {""})
        )
    close = get_close_matches(wanted, sorted({name for path in paths for name in _spoken(path)}), n=1, cutoff=0.6)
    if close:
        raise RegistryError(f'there is no dataset "{name}".', hint=f'Did you mean "{close[0]}"?')
    top = sorted(entry for entry in known if entry.split("/")[0] in _ONE_FOLDER_PER_SUBJECT and "/pages/" not in entry)
    raise RegistryError(f'there is no dataset "{name}".', hint=f"Known, among others: {', '.join(top)}.")


def _spoken(path: str) -> tuple[str, ...]:
    """The shortest of what a dataset may be called, and for a summary its bare name."""
    if not path.startswith("results/"):
        return ()
    names = [name for name in short_names(path) if not name.endswith(PurePosixPath(path).suffix or "/")]
    return tuple(sorted(names, key=len)[:2])


def _shortest(path: str) -> str:
    names = [name for name in short_names(path) if "/" in name]
    return min(names, key=len)
