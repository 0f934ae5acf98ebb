"""What each source answered when it was last asked."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from pdp.lineage import summary
from pdp.lineage.model import JobRun, SourcePoll
from pdp.report_pages import page as pages
from pdp.report_pages.page import Column, text, value


def section(session: Session, subjects: frozenset[str]) -> str:
    """A line for each source of these people that was ever asked."""
    rows: dict[str, dict[str, Any]] = {}
    # The order of being taken in, whatever the clocks said: the last one is what counts.
    order = select(SourcePoll).join(JobRun, JobRun.id == SourcePoll.job_run_id).order_by(JobRun.seq)
    for poll in session.scalars(order):
        if poll.subject not in subjects:
            continue
        name = f"{poll.subject}/{poll.source}"
        rows[name] = {
            "name": name,
            "at": summary.when(poll.at),
            "answer": "answered" if poll.reachable else f"could not be reached: {poll.why or 'no reason told'}",
            "documents": poll.documents,
            "gone": poll.gone,
            "asked": rows.get(name, {}).get("asked", 0) + 1,
        }
    columns = (
        Column("Source", "", text("name"), is_text=True),
        Column("Last asked", "", text("at"), is_text=True),
        Column("It", "", text("answer"), is_text=True),
        Column("Documents", "n", value("documents")),
        Column("Gone", "n", value("gone")),
        Column("Asked", "times", value("asked")),
    )
    return pages.table("Sources, and what they answered last", columns, [rows[name] for name in sorted(rows)])
