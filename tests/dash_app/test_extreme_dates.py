"""No date in an address, however far from anybody's life, breaks any page."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dash_app.app import create_app, pages
from dash_app.gateway_folder import DemoGateway

ENDS = ["0001-01-01", "0001-04-15", "1899-12-31", "1900-01-01", "2200-12-31", "2201-01-01", "9999-10-03", "9999-12-31"]
DATES = st.sampled_from(ENDS) | st.dates().map(date.isoformat)
NAMES = st.sampled_from(["from", "to", "date", "day", "since", "at", "month", "start", "end"])
PATHS = [page.PATH for page in pages()]


@pytest.fixture(scope="module")
def client(year_folder: Path) -> FlaskClient:
    """The dashboard's own pages on the made-up year."""
    return create_app(DemoGateway(year_folder)).server.test_client()


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("day", ENDS)
def test_a_range_that_begins_or_ends_anywhere_is_answered(client: FlaskClient, path: str, day: str) -> None:
    for query in (f"from={day}", f"to={day}", f"from={day}&to={day}"):
        assert client.get(f"{path}?{query}").status_code == 200


@given(st.sampled_from(PATHS), st.dictionaries(NAMES, DATES))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_dates_anywhere_in_an_address_are_answered(client: FlaskClient, path: str, args: dict[str, str]) -> None:
    assert client.get(path, query_string=args).status_code == 200
