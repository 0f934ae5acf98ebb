"""The only door between the pages and data.

A page asks `gateway.dataset()` and gets a Dataset. Which one is decided on the server alone: whoever is not proven to
be the owner gets the synthetic demo. Nothing that a request says (path, parameters, body) has a say in it.

Modules gateway*.py are the only ones of the dashboard that open files or import pdp.state; a test holds them to it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import pyarrow as pa

from dash_app import gateway_heart, gateway_registry, gateway_tables
from dash_app.gateway_tables import NoDataError
from pdp.pyramid import MAX_POINTS

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

__all__ = ["Dataset", "Gateway", "NoDataError"]


def _nothing_to_bring(_: Sequence[str]) -> None:
    """A folder on this machine has all of its files."""


@dataclass(frozen=True)
class Dataset:
    """One person's results, as of one run. Cheap to make: one per request, nothing of it is kept.

    Args:
        is_synthetic: Whether this is the demo, a person who does not exist.
        subject: The person's name in the configuration.
        version: Digest of the summary tables, of subject and of is_synthetic: equal versions give equal pages.
        as_of: When the run ended that brought the tables up to date, UTC. A number's own time is in its row.
        run_id: Of that run; "" where no registry tells it.
        root: Working folder, for functions of pdp: `root / "results"` is laid out as ever. Its path is not to be shown.
    """

    is_synthetic: bool
    subject: str
    version: str
    as_of: datetime
    run_id: str
    root: Path = field(repr=False)
    _bring: Callable[[Sequence[str]], None] = field(default=_nothing_to_bring, repr=False, compare=False)

    def table(
        self,
        name: str,
        columns: Sequence[str] | None = None,
        first: date | None = None,
        last: date | None = None,
    ) -> pa.Table:
        """A table of results/summary/<subject>, such as "daily"; the fields' metadata hold title, unit and method.

        Args:
            name: Of the table.
            columns: Which; None for all. Asking for few reads few.
            first: Local day of the first row wanted, inclusive; None for the first there is.
            last: Local day of the last row wanted, inclusive. A night belongs to the day on which it ends.

        Raises:
            NoDataError: The table, or a column of it, is not there.
        """
        return gateway_tables.read(self._summary(f"{name}.parquet"), columns, first, last)

    def has_table(self, name: str) -> bool:
        """Whether the runs have made that table."""
        return (self.root / "results/summary" / self.subject / f"{name}.parquet").is_file()

    def heart_rate(self, first_utc_ms: int, last_utc_ms: int, max_points: int = MAX_POINTS) -> tuple[str, pa.Table]:
        """Heart rate of [first, last), ms since 1970, UTC, as fine as a screen, or a table of max_points, can show.

        Returns:
            The level (one of pdp.pyramid's: "raw", "1min", ... "7day") and its rows: pdp.pyramid.SCHEMA.

        Raises:
            NoDataError: There is no heart rate.
        """
        return gateway_heart.read(self.root, self.subject, self.bring, first_utc_ms, last_utc_ms, max_points)

    def events(self) -> pa.Table:
        """The owner's events: date, kind, text. Without a table of them, none."""
        return self.table("events") if self.has_table("events") else gateway_tables.NO_EVENTS.empty_table()

    def registry(self) -> AbstractContextManager[Session]:
        """A session of the lineage registry, for the functions of pdp.lineage.

        Raises:
            NoDataError: There is none; or it knows other people than the synthetic one, and this is the demo.
        """
        return gateway_registry.reading(self.root, only=self.subject if self.is_synthetic else None)

    def document(self, path: str) -> bytes:
        """A file below results/ that belongs to this person, such as "summary/demo/conservation.json".

        Raises:
            NoDataError: It is not there, or is not this person's.
        """
        self.bring([f"results/{path}"])
        return gateway_tables.document(self.root, self.subject, path)

    def beginning(self) -> str:
        """What tells this person from others of the same name: see pdp.manifest.beginning."""
        return gateway_tables.beginning(self.root / "results/manifests" / self.subject)

    def bring(self, prefixes: Sequence[str]) -> None:
        """Make sure that files below `root` whose paths begin so are there, such as ["results/merged/me/"].

        The summary tables, the registry and the manifests always are. In a folder on this machine nothing is to be
        done; a pulled state unseals the others when they are asked for.
        """
        self._bring(prefixes)

    def _summary(self, file: str) -> Path:
        return self.root / "results/summary" / self.subject / file


class Gateway(Protocol):
    """Knows which data set a request may see."""

    def dataset(self) -> Dataset:
        """The data set for whoever asks, decided from the server-side session alone.

        Raises:
            NoDataError: There is nothing to show yet, in a sentence for the page.
        """

    def is_signed_in(self) -> bool:
        """Whether the answer is the owner's own data by sign-in: then the page offers to sign out (POST /sign-out)."""

    def can_sign_in(self) -> bool:
        """Whether there is something to sign in to: then the page has the link to /sign-in."""
