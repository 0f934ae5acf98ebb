"""How the results came about, run by run: which raw exports led to which tables, by which code and parameters.

Made when a report is asked for, from the registry: it changes with every run, so it is no output of one.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from html import escape
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from pdp import store
from pdp.drawing import lineage
from pdp.errors import RegistryError
from pdp.lineage import chain, dataset_names, export_names, queries
from pdp.lineage.model import CodeVersion
from pdp.report_pages import lineage_csv, lineage_runs, lineage_tables, polls
from pdp.report_pages import page as pages

FILE = "lineage.html"
TITLE = "Lineage, run by run"
_LEAD = (
    "What each run did: the raw exports, the tables made from them with their versions, rows and digests, and the code "
    "and parameters of each job. A version is new exactly when the bytes differ."
)


def write(root: Path, subjects: Collection[str]) -> Path:
    """Write the page into the results folder.

    Args:
        root: The results folder.
        subjects: Whose lineage is told: a report about one person says nothing of another who is in the registry.

    Raises:
        PdpError: The registry is unreadable, or the disk full.
    """
    from pdp.lineage import database, record

    record.fold(root)
    try:
        with database.reading(root) as session:
            told = page(session, root, frozenset(subjects))
    except RegistryError as error:
        if database.path_of(root).exists():
            raise
        told = pages.document(TITLE, _LEAD, f"<p>{escape(str(error))}</p>")
    with store.commit(root / FILE) as staged:
        staged.write_text(told, encoding="utf-8")
    return root / FILE


def page(session: Session, root: Path, subjects: frozenset[str]) -> str:
    """The page: sources, how the tables stand now, the last runs, and what their jobs were made of."""
    names = lineage.Names(*export_names.every(root))
    known: chain.Known = {}
    now = _now(session, known, names, subjects)
    told = lineage_runs.section(session, known, names, subjects)
    keys = {link.key: link.rule for link, _ in known.values() if link.key}
    body = (
        '<nav aria-label="On this page"><a href="#sources">Sources</a><a href="#now">How the tables stand now</a>'
        '<a href="#runs">Runs</a><a href="#code">Code and parameters</a></nav>'
        f'<h2 id="sources">Sources</h2>{polls.section(session, subjects)}'
        f'<h2 id="now">How the tables stand now</h2>'
        '<p class="muted">A box leads to the code and the parameters of the job that made it; resting on it tells its '
        f"paths, versions and digests.</p>{now}"
        f'<h2 id="runs">Runs</h2>{lineage_csv.links(session, names, subjects)}{told}'
        f'<h2 id="code">Code and parameters</h2>{_keys(session, keys)}'
    )
    return pages.document(TITLE, _LEAD, body)


def _now(session: Session, known: chain.Known, names: lineage.Names, subjects: frozenset[str]) -> str:
    """A drawing for each subject, of the current versions of its tables, and their rows by fate."""
    current = [one for one in queries.current_versions(session) if one.made_by and "/summary/" in one.path]
    parts = []
    for subject in sorted(subjects & {dataset_names.subject_of(one.path) for one in current}):
        own = [one for one in current if dataset_names.subject_of(one.path) == subject]
        links = chain.follow(session, own, known)
        graph = lineage.of_tables(links, f"Tables of {subject}", names=names, href=lineage_runs.to_key)
        parts.append(f"<h3>{escape(subject)}</h3>{lineage_runs.drawn(graph)}")
        parts.append(
            lineage_tables.of_exports(links, names, f"Raw exports of {subject}, and what became of their rows")
        )
        parts.append(lineage_tables.of_merges(links, f"What was merged from them for {subject}"))
        parts.append(lineage_tables.standing(links, f"Tables of {subject} as they stand"))
    return "".join(parts) or "<p>No table has been made yet.</p>"


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


def _json(content: Mapping[str, Any]) -> str:
    return f'<pre tabindex="0">{escape(json.dumps(content, ensure_ascii=False, indent=1))}</pre>'
