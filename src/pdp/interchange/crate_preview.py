"""What a crate says, as a page for people: which runs, from which raw exports, which tables, by what code and settings.

The page that the package makes lists the files of a crate and nothing of its runs.
"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from pdp.interchange.crate_facts import Action, Facts
from pdp.interchange.names import Names
from pdp.interchange.registry_stream import File
from pdp.lineage import summary
from pdp.report_pages import page as pages
from pdp.report_pages.page import Column, text, value

NOTE = "The data is not in this crate: tables and raw exports are described by digest, size and rows."
_FILES = (
    Column("What", "", text("name"), is_text=True),
    Column("Rows", "n", value("rows")),
    Column("Size", "bytes", value("bytes")),
    Column("SHA-256", "", text("sha256"), is_text=True),
)


def page(facts: Facts, names: Names) -> str:
    """The page.

    Args:
        facts: Of the run.
        names: How subjects and sources are told.
    """
    run = facts.run
    body = "".join(_action(number, action, names) for number, action in enumerate(facts.actions, start=1))
    settings = [{"name": name, "value": told} for name, told in facts.parameters.items()]
    libraries = {pair for code in facts.code.values() for pair in code.libraries.items()}
    libraries |= {("python", code.python) for code in facts.code.values() if code.python}
    used = [{"name": name, "value": version} for name, version in sorted(libraries)]
    pair = (Column("Name", "", text("name"), is_text=True), Column("Value", "", text("value"), is_text=True))
    body += "<h2>Settings</h2>" + pages.table("Those that can name nobody, as JSON", pair, settings)
    body += "<h2>Libraries</h2>" + pages.table("Versions that ran", pair, used)
    body += (
        '<h2>Files</h2><p>The workflow: <a href="Snakefile">Snakefile</a>, workflow/, scripts/. '
        '<a href="code.json">code.json</a>: a digest of every module that ran. '
        '<a href="ro-crate-metadata.json">ro-crate-metadata.json</a>: all of this page for programs.</p>'
    )
    lead = "Which runs made the tables that stood when this run had ended, and from which raw exports."
    return pages.document(f"A run of the Personal Data Platform, {run.started[:10]}", lead, body, note=NOTE)


def _action(number: int, action: Action, names: Names) -> str:
    run = action.run
    told = f"{summary.when(run.started)}: {run.status}" if run else "Jobs outside any run on record"
    results = [_file(file, names.path(file.path)) for file in action.results]
    objects = [_file(file, f"raw export {file.sha256[:16]}") for file in action.objects]
    return (
        f"<h2>{number}. {escape(told)}</h2>"
        + pages.table(f"Raw exports behind the tables of {number}.", _FILES, objects)
        + pages.table(f"Tables made in {number}.", _FILES, results)
    )


def _file(file: File, name: str) -> Mapping[str, Any]:
    return {"name": name, "rows": file.rows, "bytes": file.bytes, "sha256": file.sha256}
