"""The answer of `pdp verify report.pdf` in words."""

from __future__ import annotations

from pdp.lineage import summary
from pdp.report.verification import Recorded, Verdict


def text(verdict: Verdict) -> str:
    """Three sentences: the file, the data it names, and whether they are still the newest."""
    return "\n".join([_file(verdict), _data(verdict), _now(verdict)])


def _file(verdict: Verdict) -> str:
    if verdict.file is not None:
        return f"File: byte for byte {_version(verdict.file)}."
    return {
        "reprinted": "File: no job's, but printing the same data now gives the very same bytes (the dashboard did).",
        "other": "File: NOT what is printed from these data: it was altered, or printed by another version of the "
        "program or of the system's Pango.",
        "unknown": "File: NOT on record, and it can't be printed again here to compare (its data are not the current "
        "ones, or Pango is not installed).",
    }[verdict.bytes_are]


def _data(verdict: Verdict) -> str:
    digest = f"Data: sha256 {verdict.data_sha256}"
    if verdict.data is None:
        return f"{digest}, NOT on record: made in another folder, or the digest was altered."
    return f"{digest}, {_version(verdict.data)}."


def _now(verdict: Verdict) -> str:
    if verdict.data is None:
        return "Now: can't be told."
    if verdict.is_current:
        return "Now: the data are still these."
    if verdict.data.number == verdict.data.newest:
        return f"Now: {verdict.data.path} is not as it was made. Ask what is wrong: pdp verify"
    return f"Now: the data have changed since; the newest is v{verdict.data.newest}. Print anew: snakemake report"


def _version(found: Recorded) -> str:
    run = f", run {found.run}" if found.run else ""
    return f"v{found.number} of {found.path} ({summary.when(found.seen)}{run})"
