"""The page about one number: it comes out again, down to the raw record, for every number that any page links to."""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from flask.testing import FlaskClient

from dash_app import limits
from dash_app.app import create_app, pages
from dash_app.gateway_folder import DemoGateway
from tests.dash_app.documents import first_paint, links, text

DAY = "2025-10-06"
EXAMPLES = {
    "daily": ("hr_median_bpm", "rhr_sleep_p05_bpm", "sleep_total_min", "steps", "day_length_min"),
    "nights": ("deep_min", "efficiency"),
    "bp_readings": ("systolic_mmhg",),
    "bp_sessions": ("systolic_mean_mmhg",),
    "bp_windows": ("systolic_mean_mmhg", "n_readings", "evening_diastolic_mean_mmhg"),
    "bp_days": ("systolic_mean_mmhg", "is_below_threshold", "n"),
    "bp_months": ("n_days", "n_days_with_reading"),
    "bp_profile": ("n",),
    "bp_habits": ("n",),
    "trends": ("median", "usual_q1", "recent_mean", "n"),
    "regularity": ("sri", "mid_sleep_local_min"),
    "associations": ("theil_sen_slope", "spearman_rho"),
    "event_effects": ("difference", "n_before"),
    "agreement": ("bias",),
    "heart_rate_1day": ("median", "n"),
    "heart_rate_6h": ("q3",),
    "heart_rate_15min": ("max",),
}
NUMBERS = [f"{table}.{column}" for table, columns in EXAMPLES.items() for column in columns]
VERDICT = re.compile(r'data-verdict="(\w+)" data-shown="([^"]*)" data-again="([^"]*)"')


@pytest.fixture(scope="module")
def client(demo_folder: Path) -> FlaskClient:
    return create_app(DemoGateway(demo_folder)).server.test_client()


def verdict(html: str) -> tuple[str, str, str]:
    """Verdict, the number in the table, the number computed again."""
    found = VERDICT.search(html)
    assert found is not None, text(html)[:400]
    return found[1], unescape(found[2]), unescape(found[3])


def test_a_figure_of_a_day_goes_back_to_the_records_of_the_raw_file(client: FlaskClient, demo_folder: Path) -> None:
    html = first_paint(client, f"/lineage?metric=bp_systolic_mean_mmhg&day={DAY}")
    read = text(html)
    assert verdict(html) == ("same", "129.0", "129.0")
    assert "n = 4 rows" in read
    assert "4 of 4 rows, read again from the raw bytes just now, say the same." in read
    raw = demo_folder / "resources/demo/cuff/Blood pressure - Log.csv"
    lines = raw.read_text(encoding="utf-8").splitlines()
    for record in re.findall(r"Blood pressure - Log.csv, record (\d+)", read):
        assert lines[int(record)] in read  # records are counted without the header
    assert hashlib.sha256(raw.read_bytes()).hexdigest() in read
    table = demo_folder / "results/summary/demo/daily.parquet"
    assert hashlib.sha256(table.read_bytes()).hexdigest() in read
    for word in ("rule", "summarize", "merge", "validate", "normalize", "SHA-256", "Parameters", "Code"):
        assert word.lower() in read.lower()


@pytest.mark.parametrize("number", NUMBERS)
def test_a_number_of_every_table_comes_out_again(client: FlaskClient, number: str) -> None:
    html = first_paint(client, f"/lineage?metric={number}&day={DAY}")
    if "Not recomputed: there is no such row" in text(html):
        html = first_paint(client, f"/lineage?metric={number}")  # a table whose days are events
    is_same, shown, again = verdict(html)
    assert is_same == "same"
    assert shown == again
    assert "rule" in text(html).lower()


def test_the_two_ways_to_ask_for_a_number_are_one(client: FlaskClient) -> None:
    first = first_paint(client, f"/lineage?metric=sleep_total_min&day={DAY}")
    second = first_paint(client, f"/lineage?table=daily&figure=sleep_total_min&day={DAY}")
    assert verdict(first) == verdict(second)


def test_a_trend_leads_to_the_numbers_of_its_days(client: FlaskClient, demo_folder: Path) -> None:
    html = first_paint(client, f"/lineage?metric=trends.median&figure=sleep_total_min&day={DAY}")
    days = [href for href in links(html) if "metric=sleep_total_min" in href]
    assert len(days) == 28
    values = [float(verdict(first_paint(client, href))[1]) for href in days[::9]]
    daily = pq.read_table(demo_folder / "results/summary/demo/daily.parquet", columns=["sleep_total_min"])
    assert set(values) <= set(daily["sleep_total_min"].to_pylist())


def test_other_rows_of_the_same_day_are_a_link_away(client: FlaskClient) -> None:
    html = first_paint(client, f"/lineage?metric=bp_windows.n_readings&day={DAY}")
    (other,) = (href for href in links(html) if "protocol=aha" in href)
    assert verdict(html)[1] != verdict(first_paint(client, other))[1]


def test_a_sum_over_months_is_made_again_from_its_months(client: FlaskClient, demo_folder: Path) -> None:
    query = "metric=bp_months.n_days&since=2025-01-01&day=2025-12-01&guideline=esc_2024&level=non_elevated,elevated"
    html = first_paint(client, f"/lineage?{query}")
    months = pq.read_table(demo_folder / "results/summary/demo/bp_months.parquet").to_pylist()
    expected = sum(
        row["n_days"]
        for row in months
        if row["month"].year == 2025 and row["guideline"] == "esc_2024" and row["level"] in ("non_elevated", "elevated")
    )
    assert verdict(html) == ("same", str(expected), str(expected))
    assert "summed from 1 Jan 2025 to 1 Dec 2025" in text(html)


@pytest.mark.parametrize("days", ["day=2026-03-31&since=0001-01-01", "day=9999-12-31&since=0001-01-01"])
@pytest.mark.parametrize("table", ["heart_rate_counts", "heart_rate_hours"])
def test_a_sum_over_two_thousand_years_is_made_again_from_the_days_that_there_are(
    client: FlaskClient, demo_folder: Path, table: str, days: str
) -> None:
    html = first_paint(client, f"/lineage?metric={table}.n&{days}")
    every = sum(pq.read_table(demo_folder / f"results/summary/demo/{table}.parquet")["n"].to_pylist())
    assert verdict(html) == ("same", str(every), str(every))
    nowhere = first_paint(client, f"/lineage?metric={table}.n&day=0001-01-01&since=9999-12-31")
    assert "Not recomputed: the table has none of these days" in text(nowhere)


def test_a_sum_over_more_days_than_one_answer_may_take_is_told_and_not_computed_again(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pdp.lineage.cell.MOST_DAYS", 31)
    for since, made in (("2026-03-01", "same"), ("2026-02-28", "not_computed")):
        html = first_paint(client, f"/lineage?metric=heart_rate_counts.n&day=2026-03-31&since={since}")
        assert verdict(html)[0] == made
    assert "Not recomputed: these are 32 days, and no more than 31 are computed at once" in text(html)


@pytest.mark.parametrize(
    ("address", "cost"),
    [
        ("/", 0),
        ("/?since=0001-01-01", 0),
        ("/lineage?day=2026-03-31", 1),
        ("/lineage?day=2026-03-31&since=2026-03-01", 1),
        ("/lineage?day=2026-03-31&since=2025-09-01", 2),
        ("/lineage?day=2026-03-31&since=0001-01-01", 5),
        ("/lineage?since=0001-01-01", 5),
        ("/lineage?day=2026-03-31&since=x", 1),
    ],
)
def test_a_request_for_a_sum_counts_by_its_days(client: FlaskClient, address: str, cost: int) -> None:
    with client.application.test_request_context(address):
        assert limits.cost() == cost


def test_a_table_that_was_altered_is_found_out(demo_folder: Path, tmp_path: Path) -> None:
    for name in ("results", "resources"):
        shutil.copytree(demo_folder / name, tmp_path / name)
    place = tmp_path / "results/summary/demo/daily.parquet"
    table = pq.read_table(place)
    is_day = pc.equal(table["date"].cast(pa.string()), DAY)
    at = table.column_names.index("bp_systolic_mean_mmhg")
    better = pc.if_else(is_day, 119.0, table["bp_systolic_mean_mmhg"])
    pq.write_table(table.set_column(at, table.schema.field(at), better), place)
    client = create_app(DemoGateway(tmp_path)).server.test_client()
    html = first_paint(client, f"/lineage?metric=bp_systolic_mean_mmhg&day={DAY}")
    assert verdict(html) == ("differs", "119.0", "129.0")
    assert "NOT the same as 119.0 in the table. The table is not the one that its run vouched for." in text(html)


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("metric=bp_sistolic_mean_mmhg", 'there is no column "bp_sistolic_mean_mmhg"'),
        ("metric=dayly.bp_n", 'there is no summary table "dayly"'),
        ("metric=../../me/daily.bp_n", "there is no summary table"),
        ("metric=bp_n&day=yesterday", '"yesterday" is no date.'),
        ("metric=bp_habits.n&since=2025-01-01&day=2025-02-01", "there is nothing to sum up."),
        ("metric=bp_n&day=1999-01-01", "Not recomputed: there is no such row."),
        ("metric=bp_windows.n_days&protocol=nobody", "Not recomputed: there is no such row."),
    ],
)
def test_a_number_that_does_not_exist_is_answered_in_words(client: FlaskClient, query: str, why: str) -> None:
    assert why in text(first_paint(client, f"/lineage?{query}"))


def cards(html: str) -> Iterator[tuple[str, str]]:
    """The number of each card and where it says how it was computed."""
    for card in re.findall(r'<article class="card number-card".*?</article>', html, re.S):
        value = re.search(r'class="value"[^>]*>(.*?)</span>', card, re.S)
        lineage = [href for href in links(card) if href.startswith("/lineage")]
        assert lineage, f"a card without lineage: {text(card)}"
        if value:
            yield text(value[1]), lineage[-1]  # of the card's foot; a detail may have one of its own


def is_as_shown(shown: str, value: str) -> bool:
    """Whether what a card shows (132/81, 6 h 40, 58.5, 12,400) is that number, rounded as it is shown."""
    if value == "no value":
        return False
    exact = float(value)
    if clock := re.fullmatch(r"(\d\d):(\d\d)", shown):
        return abs(int(clock[1]) * 60 + int(clock[2]) - exact % 1440) <= 0.5
    if hours := re.fullmatch(r"(\d+) h (\d+)(?: min)?", shown):
        return abs(int(hours[1]) * 60 + int(hours[2]) - exact) <= 0.5
    first = re.match(r"-?[\d,]+(?:\.(\d+))?", shown)
    if first is None:
        return False
    step = 10.0 ** -len(first[1] or "")
    found = float(first[0].replace(",", ""))
    return abs(found - exact) <= step / 2 + 1e-9 or abs(found - 100 * exact) <= step / 2 + 1e-9  # a share as per cent


def asked_for(href: str) -> str:
    """The number that an address asks for, whatever days, theme and guideline a page is to be shown with."""
    query = parse_qsl(urlsplit(href).query, keep_blank_values=True)
    return urlencode(sorted((name, told) for name, told in query if name not in ("from", "to", "theme", "guide")))


@pytest.fixture(scope="module")
def told() -> dict[str, tuple[str, str, str]]:
    """What the pages of numbers said: each is asked once, for some take a second to compute again."""
    return {}


@pytest.mark.parametrize("query", ["", "?from=2025-04-01&to=2026-03-31&theme=dark&guide=acc_aha_2017"])
@pytest.mark.parametrize("path", [page.PATH for page in pages() if page.PATH not in ("/lineage", "/sign-in")])
def test_every_lineage_link_of_every_page_leads_to_the_number_that_is_shown(
    client: FlaskClient, told: dict[str, tuple[str, str, str]], path: str, query: str
) -> None:
    html = first_paint(client, path + query)
    found = [href for href in links(html) if href.startswith("/lineage")]
    assert found or path == "/report"
    for href in found:
        asked = asked_for(href)
        if asked not in told:
            told[asked] = verdict(first_paint(client, href))
        is_same, shown, again = told[asked]
        assert (is_same, shown) == ("same", again), href
    for shown, href in cards(html):
        assert is_as_shown(shown, told[asked_for(href)][1]), (href, shown, told[asked_for(href)])


def test_the_other_number_of_a_pair_is_a_link_away(client: FlaskClient) -> None:
    for query in (
        "metric=bp_windows.morning_systolic_mean_mmhg&protocol=aha",
        "metric=daily.bp_systolic_mean_mmhg",
        "metric=trends.recent_mean&figure=bp_systolic_mean_mmhg",
    ):
        html = first_paint(client, f"/lineage?{query}&day={DAY}")
        assert "The pair: systolic | diastolic" in text(html)
        wanted = f"/lineage?{query}&day={DAY}"
        (other,) = {
            href for href in links(html) if asked_for(href) == asked_for(wanted.replace("systolic", "diastolic"))
        }
        again = first_paint(client, other)
        assert verdict(again)[0] == "same"
        assert verdict(again)[1] != verdict(html)[1]
        assert asked_for(wanted) in {asked_for(href) for href in links(again)}
    assert "The pair" not in text(first_paint(client, f"/lineage?metric=sleep_total_min&day={DAY}"))


@pytest.mark.parametrize(
    ("query", "title", "unit"),
    [
        ("trends.median&figure=sleep_total_min", "Median: Asleep in the night", "min"),
        ("trends.usual_q1&figure=bp_diastolic_mean_mmhg", "Usual for you, from: Diastolic pressure", "mmHg"),
        ("trends.n&figure=rhr_sleep_p05_bpm", "Days with data: Resting heart rate", ""),
        ("associations.theil_sen_slope", "Slope", "mmHg/h"),
        ("bp_habits.value&check=first_of_sitting_systolic", "Found", "mmHg"),
        ("bp_days.systolic_mean_mmhg", "Systolic pressure", "mmHg"),
    ],
)
def test_a_number_has_the_unit_of_what_it_is_about(client: FlaskClient, query: str, title: str, unit: str) -> None:
    html = first_paint(client, f"/lineage?metric={query}")
    assert title in text(re.findall(r"<h2[^>]*>(.*?)</h2>", html)[0])
    assert [part.strip() for part in re.findall(r'class="unit">([^<]*)<', html)] == ([unit] if unit else [])


def test_a_number_is_told_with_the_count_of_what_it_rests_on(client: FlaskClient) -> None:
    month = text(first_paint(client, "/lineage?metric=bp_months.n_days_with_reading&day=2025-10-01"))
    assert "n = 0" not in month
    evening = text(first_paint(client, "/lineage?metric=bp_windows.evening_systolic_mean_mmhg"))
    n = verdict(first_paint(client, "/lineage?metric=bp_windows.n_evening"))[1]
    assert f"n = {n} rows" in evening


def test_days_below_the_threshold_are_the_days_that_the_sum_lists(client: FlaskClient, demo_folder: Path) -> None:
    query = "metric=bp_days.is_below_threshold&since=2025-10-03&day=2025-10-20&guideline=esc_2024"
    html = first_paint(client, f"/lineage?{query}")
    rows = pq.read_table(demo_folder / "results/summary/demo/bp_days.parquet").to_pylist()
    within = [
        row for row in rows if "2025-10-03" <= str(row["date"]) <= "2025-10-20" and row["guideline"] == "esc_2024"
    ]
    known = [row for row in within if row["level"]]
    below = sum(row["level"] in ("non_elevated", "elevated") for row in known)
    assert below > 0
    assert verdict(html) == ("same", str(below), str(below))
    assert f"n = {len(known)} days" in text(html)
    days = [href for href in links(html) if "metric=bp_days.is_below_threshold&day=" in href]
    assert len(days) == len(known)
    assert text(html).count(" yes ") == below
    assert verdict(first_paint(client, days[0]))[0] == "same"


def test_a_folder_with_the_tables_alone_shows_the_number_and_says_what_it_lacks(
    demo_folder: Path, tmp_path: Path
) -> None:
    shutil.copytree(demo_folder / "results/summary", tmp_path / "results/summary")
    client = create_app(DemoGateway(tmp_path)).server.test_client()
    html = first_paint(client, f"/lineage?metric=bp_systolic_mean_mmhg&day={DAY}")
    assert verdict(html) == ("not_computed", "129.0", "no value")
    assert "Not recomputed: no registry is at hand" in text(html)
