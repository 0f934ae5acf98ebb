"""The page about the data: true sums, every rejected row with its place, runs, and links that lead somewhere."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from dash_app.app import create_app
from dash_app.gateway_folder import DemoGateway
from pdp import gaps, tables
from pdp.lineage import database, queries, rejects, run_difference
from tests.dash_app.documents import first_paint, links, text
from tests.dash_app.owner import CANARY, little_demo, own_folder

EVERY_DAY = "from=2024-09-01&to=2026-03-31"


@pytest.fixture(scope="module")
def client(demo_folder: Path) -> FlaskClient:
    return create_app(DemoGateway(demo_folder)).server.test_client()


@pytest.fixture(scope="module")
def page(client: FlaskClient) -> str:
    return first_paint(client, f"/data?rejected=all&{EVERY_DAY}")


def rows(html: str, caption: str) -> Iterator[list[str]]:
    """Cells of the table with that caption, as read."""
    table = re.search(rf"<caption>{re.escape(caption)}.*?</table>", html, re.S)
    assert table is not None, caption
    for row in re.findall(r"<tr>(.*?)</tr>", table[0], re.S)[1:]:
        yield [text(cell) for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.S)]


def test_every_source_shows_the_counts_of_the_proof_of_conservation(page: str, demo_folder: Path) -> None:
    proof = json.loads((demo_folder / "results/summary/demo/conservation.json").read_text())
    found = {row[0]: [int(cell.replace(",", "")) for cell in row[4:]] for row in rows(page, "Sources, and what became")}
    fates = ("read", "accepted", "quarantined", "duplicate", "superseded", "unread")
    assert found == {name: [counts[fate] for fate in fates] for name, counts in proof["sources"].items()}
    assert all(counts[0] == sum(counts[1:]) for counts in found.values())
    assert f"{proof['total']['read']:,} rows read" in text(page)


def test_each_source_tells_what_of_its_exports_is_not_taken(page: str) -> None:
    told = {row[0]: row[1:] for row in rows(page, "What is taken of each source")}
    assert set(told) == {"band", "cuff", "omron", "watch"}
    assert told["band"][1] == "heart rate, sleep episode, sleep stage, step count"
    assert all(part in told["band"][2] for part in ("ACTIVITY", "BODY", "SPORT", "USER"))
    assert told["cuff"][1] == "blood pressure"


def test_every_rejected_row_stands_with_its_reason_file_and_record(page: str, demo_folder: Path) -> None:
    with database.reading(demo_folder / "results") as session:
        found = rejects.find(session, demo_folder / "results", rejects.Scope(subject="demo"), 1000)
    shown = list(rows(page, "Rejected rows, each with its file and record"))
    assert len(shown) == len(found.rows) == 25
    for row, cells in zip(found.rows, shown, strict=True):
        assert row.document in cells[0]
        assert f"record {row.row:,}" in cells[0]
        assert row.reason.replace("_", " ").replace("mmhg", "mmHg") in cells[1]
        assert row.text is None or " ".join(row.text.split()) in cells[3]


def test_few_rejected_rows_are_shown_at_first_and_a_link_shows_the_rest(client: FlaskClient) -> None:
    html = first_paint(client, "/data")
    assert "10 of 25 shown." in text(html)
    (more,) = (href for href in links(html) if "rejected=all" in href)
    assert len(list(rows(first_paint(client, more.partition("#")[0]), "Rejected rows, each with"))) == 25


def test_gaps_are_the_days_that_the_daily_table_leaves_empty(page: str, demo_folder: Path) -> None:
    shown = {row[0]: row for row in rows(page, "Days with and without data")}
    daily = tables.read(demo_folder / "results/summary/demo/daily.parquet").to_pylist()
    empty = [row["date"] for row in daily if not row["bp_n"]]
    assert shown["Blood pressure"][1] == f"{len(daily) - len(empty)} of {len(daily)}"
    longest = max(
        gaps.coverage(tables.read(demo_folder / "results/summary/demo/daily.parquet"))[0].gaps, key=lambda gap: gap.days
    )
    assert {longest.first, longest.last} <= set(empty)
    assert f"{longest.days} days from {longest.first.day} {longest.first:%b %Y}" in shown["Blood pressure"][4]


def test_the_runs_are_those_of_the_registry(page: str, demo_folder: Path) -> None:
    with database.reading(demo_folder / "results") as session:
        found = queries.runs(session, 20)
    assert [row[-1] for row in rows(page, "The only run" if len(found) == 1 else f"The last {len(found)} runs")] == [
        run.id for run in found
    ]


def test_the_flow_is_drawn_as_svg_with_links_that_lead_somewhere(client: FlaskClient, page: str) -> None:
    drawings = re.findall(r"<svg.*?</svg>", page, re.S)
    assert len(drawings) == 2
    assert "<canvas" not in page
    for drawing in drawings:
        hrefs = links(drawing)
        assert len(hrefs) >= 14
        for href in hrefs:
            if href.startswith("#"):
                assert f'id="{href[1:]}"' in page, href
            else:
                assert client.get(href).status_code == 200, href


def test_every_link_of_the_page_leads_somewhere(client: FlaskClient, page: str) -> None:
    for href in set(links(page)):
        path, _, anchor = href.partition("#")
        if path.startswith("/download/"):
            continue  # made and verified in test_downloads.py, of fewer days
        if path.startswith("/"):
            assert client.get(path).status_code == 200, href
        elif not path:
            assert f'id="{anchor}"' in page, href


def test_a_registry_that_knows_others_is_not_shown_and_says_so(tmp_path: Path) -> None:
    little_demo(tmp_path)
    own_folder(tmp_path)
    client = create_app(DemoGateway(tmp_path)).server.test_client()
    for path in (
        "/data",
        "/data?rejected=all",
        "/data?subject=me",
        "/lineage?metric=bp_systolic_mean_mmhg&day=2025-03-14",
    ):
        told = client.get(path).get_data(as_text=True)
        assert CANARY not in told
        assert "187" not in text(first_paint(client, path))


def test_two_runs_that_left_the_same_tables_differ_in_nothing_and_an_unknown_run_is_named(demo_folder: Path) -> None:
    with database.reading(demo_folder / "results") as session:
        (run, *_) = queries.runs(session, 1)
        assert run_difference.between(session, "demo", run.id, run.id) == []
        with pytest.raises(Exception, match='there is no run "nobody"'):
            run_difference.between(session, "demo", run.id, "nobody")
