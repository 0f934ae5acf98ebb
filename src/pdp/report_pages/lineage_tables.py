"""Tables of the lineage page: raw exports and what became of their rows, merged tables, artifacts, failed jobs.

All of them come from the registry's counts of rows, so they also tell of runs whose files are long replaced.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import PurePosixPath
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from pdp.drawing.lineage import Names
from pdp.lineage import dataset_names, queries
from pdp.lineage.chain import Link
from pdp.lineage.differences import Change
from pdp.lineage.model import JobRun, RunJob
from pdp.report_pages import page as pages
from pdp.report_pages.page import Column, text, value

_BEHIND = "results/normalized/", "results/validated/", "results/quarantine/"


def of_exports(links: Sequence[Link], names: Names, caption: str, wanted: frozenset[str] | None = None) -> str:
    """Raw exports: what they are called, their digests, rows by fate, and where the rows went.

    Args:
        links: Of a drawing.
        names: At the source.
        caption: Above the table.
        wanted: Paths that a run made: exports of which it made none are left out; None for all.
    """
    counts = _by_export(links)
    rows = []
    for link in sorted(links, key=lambda link: link.path):
        export = PurePosixPath(link.path).name
        if not link.path.startswith("resources/raw/"):
            continue
        own = [path for path in counts.get(export, {}) if wanted is None or path in wanted]
        if own or wanted is None:
            rows.append({**_fates(counts.get(export, {})), **_told(link, export, names)})
    columns = (
        Column("Raw export", "name at its source", text("name"), is_text=True),
        Column("Source", "", text("source"), is_text=True),
        Column("SHA-256", "first 16 digits: its name here", text("export"), is_text=True),
        Column("Read", "rows", value("read")),
        Column("= possible", "rows", value("valid")),
        Column("+ quarantined", "rows", value("quarantined")),
        Column("+ unread", "rows", value("unread")),
        Column("Led to", "merged tables", text("measures"), is_text=True),
    )
    return pages.table(caption, columns, rows) if rows or wanted is None else ""


def _told(link: Link, export: str, names: Names) -> dict[str, Any]:
    return {
        "name": names.document(link.path) or "no longer in any manifest",
        "source": f"{dataset_names.subject_of(link.path)}/{names.source(link.path)}".rstrip("/"),
        "export": link.sha256[:16],
    }


def _by_export(links: Sequence[Link]) -> dict[str, dict[str, int]]:
    """Rows by path of every table of one export."""
    found: dict[str, dict[str, int]] = {}
    for link in links:
        if link.path.startswith(_BEHIND):
            found.setdefault(PurePosixPath(link.path).with_suffix("").parts[4], {})[link.path] = link.rows or 0
    return found


def _fates(counts: Mapping[str, int]) -> dict[str, Any]:
    by_layer = {layer: _of_layer(counts, layer) for layer in ("normalized", "validated", "quarantine")}
    return {
        "read": sum(by_layer["normalized"].values()),
        "unread": by_layer["normalized"].get("unread", 0),
        "valid": sum(by_layer["validated"].values()),
        "quarantined": sum(by_layer["quarantine"].values()),
        "measures": ", ".join(name.replace("_", " ") for name, rows in sorted(by_layer["validated"].items()) if rows),
    }


def _of_layer(counts: Mapping[str, int], layer: str) -> dict[str, int]:
    return {PurePosixPath(path).stem: rows for path, rows in counts.items() if path.split("/")[1] == layer}


def of_merges(links: Sequence[Link], caption: str, wanted: frozenset[str] | None = None) -> str:
    """Merged tables: rows that came in, were chosen, were set aside.

    Args:
        links: Of a drawing.
        caption: Above the table.
        wanted: Paths that a run made: others are left out; None for all.
    """
    known = {f"{link.path} v{link.version}": link for link in links}
    set_aside = {link.path.replace("results/superseded/", "results/merged/"): link for link in links}
    rows = []
    for link in sorted(links, key=lambda link: link.path):
        if not link.path.startswith("results/merged/") or (wanted is not None and link.path not in wanted):
            continue
        measure = PurePosixPath(link.path).stem
        read = [known[one] for one in link.inputs if one in known]
        came = [
            one
            for one in read
            if one.path.startswith("results/validated/") and one.path.endswith(f"/{measure}.parquet")
        ]
        aside = set_aside.get(link.path)
        rows.append(
            {
                "name": f"{dataset_names.subject_of(link.path)}/{measure}".replace("_", " "),
                "exports": sum(1 for one in came if one.rows),
                "came": sum(one.rows or 0 for one in came),
                "chosen": link.rows,
                "aside": aside.rows if aside is not None and aside is not link else None,
                "version": f"v{link.version}",
                "sha256": link.sha256[:16],
            }
        )
    columns = (
        Column("Merged table", "", text("name"), is_text=True),
        Column("From exports", "with such rows", value("exports")),
        Column("Came in", "possible rows", value("came")),
        Column("= chosen", "rows", value("chosen")),
        Column("+ set aside", "rows, duplicate or superseded", value("aside")),
        Column("Balances", "", _balances, is_text=True),
        Column("Version", "", text("version"), is_text=True),
        Column("SHA-256", "first 16 digits", text("sha256"), is_text=True),
    )
    return pages.table(caption, columns, rows) if rows or wanted is None else ""


def _balances(row: Mapping[str, Any]) -> str:
    if row["aside"] is None or row["chosen"] is None:
        return pages.NONE
    return "yes" if row["came"] == row["chosen"] + row["aside"] else "NO"


def of_artifacts(caption: str, made: Sequence[tuple[JobRun, queries.Version]]) -> str:
    """Every artifact that a run's jobs wrote."""
    rows = [
        {
            "path": version.path,
            "version": f"v{version.number}, {'new' if version.made_by == job.id else 'the same bytes again'}",
            "rows": version.rows,
            "sha256": version.sha256[:16],
            "rule": " ".join([job.rule, *map(str, job.wildcards.values())]),
            "key": (job.key_sha256 or "")[:12],
        }
        for job, version in made
    ]
    columns = (
        Column("Artifact", "", text("path"), is_text=True),
        Column("Version", "", text("version"), is_text=True),
        Column("Rows", "n", value("rows")),
        Column("SHA-256", "first 16 digits", text("sha256"), is_text=True),
        Column("Job", "rule and what for", text("rule"), is_text=True),
        Column("Code, parameters", "digest, see below", text("key"), is_text=True),
    )
    return pages.table(caption, columns, rows)


def standing(links: Sequence[Link], caption: str) -> str:
    """Tables that are made of all exports, with what made them; shut until asked for."""
    rows = [
        {
            "path": link.path,
            "version": f"v{link.version}",
            "rows": link.rows,
            "sha256": link.sha256[:16],
            "rule": link.rule,
            "key": link.key[:12],
            "run": link.run,
        }
        for link in sorted(links, key=lambda link: link.path)
        if link.rule and not link.path.startswith(_BEHIND)
    ]
    columns = (
        Column("Table", "", text("path"), is_text=True),
        Column("Version", "", text("version"), is_text=True),
        Column("Rows", "n", value("rows")),
        Column("SHA-256", "first 16 digits", text("sha256"), is_text=True),
        Column("Rule", "", text("rule"), is_text=True),
        Column("Code, parameters", "digest, see below", text("key"), is_text=True),
        Column("Last made in run", "", text("run"), is_text=True),
    )
    return (
        f"<details><summary>{escape(caption)}: {len(rows):,}</summary>{pages.table(caption, columns, rows)}</details>"
    )


def of_changes(changed: Mapping[Change, Iterable[str]]) -> str:
    """Modules by digest, settings and libraries by value, before and after; and the rules that ran so."""
    rows = [
        {
            "what": f"{change.kind} {change.name}" if change.kind != "python" else change.name,
            "before": change.before,
            "after": change.after,
            "rules": ", ".join(rules),
        }
        for change, rules in changed.items()
    ]
    columns = (
        Column("What", "", text("what"), is_text=True),
        Column("Before", "digest or value", text("before"), is_text=True),
        Column("After", "", text("after"), is_text=True),
        Column("Rules that ran so", "", text("rules"), is_text=True),
    )
    return pages.table("What was different from their last time", columns, rows)


def of_failed(session: Session, run: str, subjects: frozenset[str]) -> str:
    """Jobs of a run that did not end well: our own errors in full, of others the kind and where their log is."""
    receipts = {
        (job.rule, tuple(sorted(job.wildcards.items()))): job
        for job in session.scalars(select(JobRun).where(JobRun.run_id == run, JobRun.status != "COMPLETE"))
    }
    started = session.scalars(
        select(RunJob).where(RunJob.run_id == run, RunJob.status != "COMPLETE").order_by(RunJob.jobid)
    )
    rows = []
    for job in started:
        if job.rule in queries.TARGETS or job.wildcards.get("subject") not in subjects:
            continue
        receipt = receipts.get((job.rule, tuple(sorted(job.wildcards.items()))))
        told = ": ".join(part for part in (receipt.error_type, receipt.error_message) if part) if receipt else ""
        rows.append(
            {
                "job": " ".join([job.rule, *map(str, job.wildcards.values())]),
                "status": {"FAIL": "failed"}.get(job.status, "interrupted"),
                "error": told,
                "log": job.log,
            }
        )
    columns = (
        Column("Job", "rule and what for", text("job"), is_text=True),
        Column("It", "", text("status"), is_text=True),
        Column("Error", "", text("error"), is_text=True),
        Column("Log", "", text("log"), is_text=True),
    )
    return pages.table("Jobs that did not end well", columns, rows) if rows else ""
