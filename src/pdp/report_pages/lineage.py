"""How the results came about, run by run: which raw exports led to which tables, by which code and parameters.

Made when a report is asked for, from the registry: it changes with every run, so it is no output of one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from pdp import drawing, store
from pdp.drawing import lineage
from pdp.errors import RegistryError
from pdp.lineage import chain_run, export_names, queries, summary
from pdp.lineage.chain import Link
from pdp.lineage.model import CodeVersion, JobRun
from pdp.lineage.queries import RunLine
from pdp.report_pages import page as pages
from pdp.report_pages import polls
from pdp.report_pages.page import Column, text, value

FILE = "lineage.html"
MOST_RUNS = 20  # told; the registry knows all
TITLE = "Lineage, run by run"
_LEAD = (
    "What each run did: the raw exports, the tables made from them with their versions, rows and digests, and the code "
    "and parameters of each job. A version is new exactly when the bytes differ."
)


def write(root: Path) -> Path:
    """Write the page into the results folder.

    Args:
        root: The results folder.

    Raises:
        PdpError: The registry is unreadable, or the disk full.
    """
    from pdp.lineage import database, record

    record.fold(root)
    try:
        with database.reading(root) as session:
            told = page(session, root)
    except RegistryError as error:
        if database.path_of(root).exists():
            raise
        told = pages.document(TITLE, _LEAD, f"<p>{escape(str(error))}</p>")
    with store.commit(root / FILE) as staged:
        staged.write_text(told, encoding="utf-8")
    return root / FILE


def page(session: Session, root: Path) -> str:
    """The page: sources, how the tables stand now, the last runs, and what their jobs were made of."""
    names = lineage.Names(*export_names.every(root))
    runs = queries.runs(session, MOST_RUNS)
    known: chain_run.Known = {}
    now = _now(session, known, names)
    told = [_run(session, run, chain_run.made_by(session, run.id), known, names) for run in runs]
    keys = {link.key: link.rule for link, _ in known.values() if link.key}
    left = "" if len(runs) < MOST_RUNS else f" The last {MOST_RUNS} runs; <code>pdp runs -n 100</code> has more."
    body = (
        f"<h2>Sources</h2>{polls.section(session)}"
        f"<h2>How the tables stand now</h2>"
        '<p class="muted">A box leads to the code and the parameters of the job that made it; resting on it tells its '
        f"paths, versions and digests.</p>{now}"
        f"<h2>Runs</h2><p>Newest first.{left}</p>{''.join(told) or '<p>None.</p>'}"
        f"<h2>Code and parameters</h2>{_keys(session, keys)}"
    )
    return pages.document(TITLE, _LEAD, body)


def _now(session: Session, known: chain_run.Known, names: lineage.Names) -> str:
    """A drawing for each subject, of the current versions of its tables."""
    current = [one for one in queries.current_versions(session) if one.made_by and "/summary/" in one.path]
    parts = []
    for subject in sorted({queries.subject_of(one.path) for one in current}):
        own = [one for one in current if queries.subject_of(one.path) == subject]
        links = chain_run.follow(session, own, known)
        graph = lineage.of_tables(links, f"Tables of {subject}", names=names, href=_to_key)
        parts.append(f"<h3>{escape(subject)}</h3>{pages.figure(drawing.svg(graph))}")
    return "".join(parts) or "<p>No table has been made yet.</p>"


def _run(
    session: Session,
    run: RunLine,
    made: Sequence[tuple[JobRun, queries.Version]],
    known: chain_run.Known,
    names: lineage.Names,
) -> str:
    took = summary.duration(summary.seconds(run.started, run.ended))
    reused = "" if run.reused is None else f", {run.reused:,} reused because nothing they depend on had changed"
    failed = f", {summary.counted(run.failed, 'job')} did not end well" if run.failed else ""
    new = f" New raw exports: {run.new_exports:,}." if run.new_exports else ""
    error = f"<p>{escape(run.error)}</p>" if run.error else ""
    head = f'<h3 id="run-{escape(run.id)}">{summary.when(run.started)}: {escape(run.status)}</h3>'
    told = (
        f"<p>Run <code>{escape(run.id)}</code>, {took}. {summary.counted(run.ran, 'job')} ran{reused}{failed}.{new}</p>"
    )
    if not made:
        return f"{head}{told}{error}<p>It made no table.</p>"
    links = chain_run.follow(session, [version for _, version in made], known)
    wanted = frozenset(version.path for _, version in made)
    graph = lineage.of_tables(links, f"What run {run.id} made, and from what", names=names, wanted=wanted, href=_to_key)
    note = '<p class="muted">Thick edges: made in this run. Thin: as it stood before.</p>'
    return f"{head}{told}{error}{note}{pages.figure(drawing.svg(graph))}{_tables(run, made)}"


def _tables(run: RunLine, made: Sequence[tuple[JobRun, queries.Version]]) -> str:
    rows = [
        {
            "path": version.path,
            "version": f"v{version.number}, {'new' if version.made_by == job.id else 'the same bytes again'}",
            "rows": version.rows,
            "sha256": version.sha256[:16],
            "rule": " ".join([job.rule, *map(str, job.wildcards.values())]),
            "key": (job.key_sha256 or "")[:12],
            "status": job.status,
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
    told = pages.table(f"Artifacts of run {run.id}", columns, rows)
    new = sum(version.made_by == job.id for job, version in made)
    return f"<details><summary>{len(rows):,} artifacts, {new:,} of them new versions</summary>{told}</details>"


def _keys(session: Session, keys: Mapping[str, str]) -> str:
    """What the jobs of these runs were made of, by digest."""
    parts = []
    for digest, rule in sorted(keys.items(), key=lambda item: (item[1], item[0])):
        found = session.scalar(select(CodeVersion).where(CodeVersion.sha256 == digest))
        if found is None:
            continue
        content: Mapping[str, Any] = found.content
        modules, libraries = content.get("code") or {}, content.get("libraries") or {}
        told = f"{len(modules)} modules, {len(libraries)} libraries, Python {content.get('python', 'unknown')}"
        told = f"<code>{digest[:12]}</code> rule {escape(rule)}: {escape(told)}"
        settings = f'<h4 id="key-{digest[:12]}">Parameters</h4>'
        settings += _json(content.get("settings") or {})
        code = f"<h4>Modules and libraries, by digest and version</h4>{_json({**modules, **libraries})}"
        parts.append(f"<details><summary>{told}</summary>{settings}{code}</details>")
    return "".join(parts) or "<p>None is on record.</p>"


def _to_key(link: Link) -> str:
    """Where the page tells what a job was made of."""
    return f"#key-{link.key[:12]}" if link.key else ""


def _json(content: Mapping[str, Any]) -> str:
    return f'<pre tabindex="0">{escape(json.dumps(content, ensure_ascii=False, indent=1))}</pre>'
