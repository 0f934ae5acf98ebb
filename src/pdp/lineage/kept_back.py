"""Rows on their way into the registry, written many at a time: ten years of runs are taken in when it is made anew."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from pdp.lineage import model

# In the order in which they refer to each other.
_TABLES = (
    model.Run,
    model.RunJob,
    model.CodeVersion,
    model.JobRun,
    model.Dataset,
    model.DatasetVersion,
    model.JobRunInput,
    model.JobRunOutput,
    model.SourcePoll,
)


@dataclass
class KeptBack:
    """New rows of one transaction of a writer; nobody else adds any meanwhile, so ids can be given out beforehand."""

    session: Session
    _rows: dict[type[model.Base], list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    _next: dict[str, int] = field(default_factory=dict)  # by table

    def add(self, table: type[model.Base], *rows: dict[str, Any]) -> None:
        """Rows with a value for every column that has no default."""
        self._rows[table] += rows

    def next_id(self, table: type[model.Dataset | model.DatasetVersion]) -> int:
        """A number that no row has."""
        name = table.__tablename__
        number = self._next.get(name) or 1 + (self.session.scalar(select(func.max(table.id))) or 0)
        self._next[name] = number + 1
        return number

    def write(self) -> None:
        """All of them into the tables; needed before a question that they could answer, or a change of one."""
        for table in _TABLES:
            if rows := self._rows.pop(table, None):
                self.session.execute(insert(table), rows)
