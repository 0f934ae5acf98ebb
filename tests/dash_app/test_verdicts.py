"""A verdict is one everywhere: its guideline changes all pages together, and too few readings give none anywhere."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from dash_app.app import create_app
from dash_app.gateway_demo import NAME
from dash_app.gateway_folder import DemoGateway
from pdp import described, home_bp, tables
from pdp.home_bp import HomeBpSettings, guidelines
from pdp.report import model
from pdp.report.verification import FACTS
from pdp.summarize.summary_settings import SummarySettings
from pdp.trends import rolling
from tests.dash_app.documents import first_paint, links, text
from tests.dash_app.synthetic import ACCOUNT
from tests.report_states import LAST, facts_of, measured_days
from tests.summary_subject import Subject, summary_of

PAGES = ("/", "/blood-pressure", "/report")


def lived(subject: Subject, root: Path) -> FlaskClient:
    """The dashboard over the tables that the rules make of a subject's readings."""
    folder = root / "results/summary/demo"
    folder.mkdir(parents=True)
    merged = summary_of(subject, folder).merged["blood_pressure"]
    out = {name: folder / f"{name}.parquet" for name in ("bp_sessions", "bp_windows", "bp_habits", "bp_days")}
    out |= {name: folder / f"{name}.parquet" for name in ("bp_profile", "bp_months")}
    home_bp.summarize(merged, settings=HomeBpSettings(), summary=SummarySettings(), out=out)
    described.write(folder / "trends.parquet", rolling.trends(tables.read(folder / "daily.parquet")))
    facts = facts_of(subject, root / "facts", name=NAME)
    (folder / FACTS).write_text(json.dumps(model.to_json(facts)), encoding="utf-8")
    (folder / "conservation.json").write_text(ACCOUNT)
    return create_app(DemoGateway(root)).server.test_client()


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> FlaskClient:
    """Forty days of about 130/82: below the one threshold, above the other."""
    return lived(measured_days(40, systolic=130, diastolic=82), tmp_path_factory.mktemp("measured"))


@pytest.mark.parametrize(("key", "is_below"), [("esc_2024", True), ("acc_aha_2017", False)])
def test_the_guideline_changes_lines_words_cards_months_and_report_together(
    measured: FlaskClient, key: str, is_below: bool
) -> None:
    guide = guidelines()[key]
    bound = guide.threshold.text
    verdict = f"{'below' if is_below else 'at or above'} {bound}"
    overview, pressure, report = (text(first_paint(measured, f"{path}?guide={key}")) for path in PAGES)
    assert f"{verdict}, the home threshold of {guide.name}" in overview
    assert f"{verdict} ({guide.name})" in overview
    assert f"The colour turns at {guide.threshold.systolic_mmhg} ({guide.name})" in overview
    assert f"{verdict} ({guide.name})" in pressure
    assert f"Days below {bound} {'40/40' if is_below else '0/40'} days" in pressure
    assert f"{guide.name}: {bound}" in pressure
    for level in guide.levels:
        assert level.words in pressure
        assert level.words in report
    assert f"the {bound} threshold ({guide.name})" in report
    for path in PAGES[:2]:
        lines = re.findall(r'"y0":([\d.]+),"y1":\1', measured.get(f"{path}?guide={key}").text)
        assert {float(line) for line in lines} >= {guide.threshold.systolic_mmhg, guide.threshold.diastolic_mmhg}
        others = {each.threshold.systolic_mmhg for each in guidelines().values()} - {guide.threshold.systolic_mmhg}
        assert not {float(line) for line in lines} & others


@pytest.mark.parametrize("path", PAGES)
def test_a_guideline_that_is_none_is_told_with_the_one_shown(measured: FlaskClient, path: str) -> None:
    said = text(first_paint(measured, f"{path}?guide=nobody"))
    assert 'There is no guideline "nobody": this is ESC 2024.' in said
    assert "135/85" in said


def test_the_guideline_stays_in_every_link_to_another_page(measured: FlaskClient) -> None:
    html = first_paint(measured, "/blood-pressure?guide=acc_aha_2017")
    others = [href for href in links(html) if href.startswith("/") and "acc_aha_2017" not in href]
    assert [href.split("guide=")[-1] for href in others] == ["esc_2024", "esh_2023"]


def test_all_three_pages_say_how_old_the_newest_reading_is_and_not_while_it_is_fresh(
    measured: FlaskClient, tmp_path: Path
) -> None:
    subject = measured_days(20, last=LAST - timedelta(days=9))
    subject.beats(subject.at(f"{LAST} 08:00"), [60.0] * 30)
    client = lived(subject, tmp_path)
    for path in PAGES:
        assert "The newest blood pressure reading is 9 days old (22 Mar 2026)." in text(first_paint(client, path))
        assert "days old" not in text(first_paint(measured, path))


def test_under_the_minimum_no_page_gives_an_average_or_a_verdict(tmp_path: Path) -> None:
    client = lived(measured_days(2, systolic=152, diastolic=94), tmp_path)
    overview, pressure, report = (text(first_paint(client, path)) for path in PAGES)
    assert "Too few readings to judge home blood pressure" in overview
    assert "7-day home average too few readings" in overview
    for name in ("7-day home average", "Morning", "Evening"):
        assert f"{name} too few readings" in pressure
    assert "Insufficient for a verdict." in report
    for said in (overview, pressure, report):
        assert not re.search(r"(below|at or above) (the )?135/85( threshold)?( \(ESC|, the home)", said)
