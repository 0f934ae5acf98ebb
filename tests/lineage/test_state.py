"""The last run at a glance, in a file and in words."""

from __future__ import annotations

import json
from typing import Any

from pdp.lineage import record, state
from tests.workplace import Workplace


def polled(place: Workplace, run: str, reachable: bool, at: str | None = None, **more: Any) -> None:
    why = None if reachable else "the folder is not there. Mount it."
    poll = {
        "subject": "me",
        "source": "band",
        "reachable": reachable,
        "why": why,
        "documents": 2,
        "new_exports": [],
        "gone": 0,
    }
    place.job("ingest", run=run, poll=poll | more, **({"ended": at} if at else {}))


def summary(place: Workplace) -> str:
    record.fold(place.root)
    return state.summary_text(place.root)


def test_the_state_says_what_ran_what_was_reused_and_what_the_sources_said(place: Workplace) -> None:
    polled(place, "r1", True, new_exports=["aa", "bb"])
    job = {"event": "job_planned", "jobid": 1, "rule": "ingest", "wildcards": {}, "reason": "", "log": ""}
    graph = {"merge": {"reused": 5, "left": 0}, "ingest": {"reused": 0, "left": 0}, "all": {"reused": 1, "left": 0}}
    place.run("r1", job, {"event": "job_ended", "jobid": 1, "status": "COMPLETE"}, graph=graph)
    proof = {
        "sources": {"band": {"read": 12, "accepted": 9, "quarantined": 1, "duplicate": 2, "superseded": 0, "unread": 0}}
    }
    place.file("results/summary/me/conservation.json", json.dumps(proof))
    record.fold(place.root)
    state.write(place.root)
    told = json.loads((place.root / "pipeline_state.json").read_text())
    assert told["run"]["status"] == "COMPLETE"
    assert told["stages"] == {
        "ingest": {"ran": 1, "reused": 0, "failed": 0, "waiting": 0},
        "merge": {"ran": 0, "reused": 5, "failed": 0, "waiting": 0},
    }
    assert told["sources"][0]["new_exports"] == ["aa", "bb"]
    assert told["rows"]["me"]["band"]["accepted"] == 9
    text = state.summary_text(place.root)
    assert "1 job ran (ingest 1), 5 reused because nothing they depend on changed." in text
    assert "me/band: 2 documents, 2 new exports" in text
    assert "me: 12 read = 9 accepted + 1 quarantined + 2 duplicate + 0 superseded + 0 unread" in text
    assert "results/summary/me" in text
    assert [path.name for path in place.root.glob("*.tmp")] == []


def test_a_silent_source_is_told_with_the_time_of_its_first_silence_and_why(place: Workplace) -> None:
    polled(place, "r1", False, at="2026-11-01T06:00:00.000Z")
    polled(place, "r2", True, at="2026-11-02T06:00:00.000Z")
    polled(place, "r3", False, at="2026-11-03T06:00:00.000Z")
    polled(place, "r4", False, at="2026-11-04T06:00:00.000Z")
    place.run("r4")
    text = summary(place)
    assert "me/band: could not be reached since 2026-11-03 06:00 UTC. the folder is not there. Mount it." in text
    assert "Its last state is used." in text


def test_new_exports_of_an_earlier_run_are_not_told_as_new(place: Workplace) -> None:
    polled(place, "r1", True, new_exports=["aa"])
    place.run("r1")
    place.run("r2")
    assert "me/band: 2 documents, 0 new exports (not asked in this run, last 2026-11-23 06:00 UTC)" in summary(place)


def test_our_own_error_is_told_in_full_and_a_strange_one_by_its_type_alone(place: Workplace) -> None:
    for number, error in enumerate([("StoreError", "the disk is full."), ("ValueError", "can not convert 120/80")]):
        wildcards = {"subject": "me", "measure": f"m{number}"}
        told = {"type": error[0], "message": error[1]}
        place.job("merge", run="r1", status="FAIL", wildcards=wildcards, error=told)
    events = [
        {
            "event": "job_planned",
            "jobid": n,
            "rule": "merge",
            "wildcards": {"subject": "me", "measure": f"m{n}"},
            "log": f"logs/{n}",
        }
        for n in range(2)
    ]
    ends = [{"event": "job_ended", "jobid": n, "status": "FAIL"} for n in range(2)]
    place.run("r1", *events, *ends, status="FAIL", graph={"merge": {"reused": 1, "left": 3}})
    text = summary(place)
    assert "merge me m0: the disk is full. Log: logs/0" in text
    assert "merge me m1: ValueError Log: logs/1" in text
    assert "120/80" not in text
    assert "2 jobs did not end well, 0 jobs ran, 1 reused, 1 wait for what failed." in text


def test_an_export_that_can_not_be_read_is_told_with_its_name_and_the_reason(place: Workplace) -> None:
    import pyarrow as pa

    from pdp import schemas, tables

    export = "0123456789abcdef"
    revision = {"export": export, "sha256": export * 4, "bytes": 1}
    document = {"id": "1", "name": "Export 3.zip", "present": True, "revisions": [revision]}
    place.file("results/manifests/me/band.json", json.dumps({"documents": [document]}))
    path = place.root / f"normalized/me/band/{export}/unread.parquet"
    path.parent.mkdir(parents=True)
    writer = tables.SortingWriter(path, schemas.UNREAD)
    whole = {
        "source": "band",
        "export": export,
        "member": "",
        "row": 0,
        "reason": "wrong_password",
        "detail": "",
        "text": "",
    }
    writer.write(pa.Table.from_pylist([whole, whole | {"row": 7, "reason": "bad_date"}], schemas.UNREAD))
    writer.close()
    place.job(
        "normalize",
        [],
        [
            {
                "name": "unread",
                "path": f"results/normalized/me/band/{export}/unread.parquet",
                "sha256": "x",
                "bytes": 1,
                "rows": 2,
            }
        ],
    )
    place.run("r1")
    text = summary(place)
    assert "Could not be read" in text
    assert "me/band: export 01234567 (Export 3.zip): wrong password" in text
    assert "bad" not in text


def test_many_sources_and_faults_stay_within_twenty_lines(place: Workplace) -> None:
    for number in range(30):
        polled(place, "r1", False, source=f"band{number:02d}")
        place.job("merge", run="r1", status="FAIL", wildcards={"measure": f"m{number}"})
    events = [
        {"event": "job_planned", "jobid": n, "rule": "merge", "wildcards": {"measure": f"m{n}"}} for n in range(30)
    ]
    place.run("r1", *events, status="FAIL")
    text = summary(place)
    assert "and 24 more" in text
    assert "and 26 more jobs did not end well" in text
    assert len(text.splitlines()) <= 20
