"""The last run at a glance, in a file and in words."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pdp.lineage import record, state
from pdp.lineage import summary as words
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
    return words.text(state.current(place.root), place.root)


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
    given = state.write(place.root)
    told = json.loads((place.root / "pipeline_state.json").read_text())
    assert told == given
    assert told["run"]["status"] == "COMPLETE"
    assert told["stages"] == {
        "ingest": {"ran": 1, "reused": 0, "failed": 0, "waiting": 0},
        "merge": {"ran": 0, "reused": 5, "failed": 0, "waiting": 0},
    }
    assert told["sources"][0]["new_exports"] == ["aa", "bb"]
    assert told["rows"]["me"]["band"]["accepted"] == 9
    text = words.text(given, Path("results"))
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
    assert "me/band: could not be reached since 2026-11-03 06:00 UTC: the folder is not there. Mount it." in text
    assert "Its last state is used." in text


def test_only_the_subjects_and_sources_of_this_run_are_told_in_the_order_of_the_configuration(place: Workplace) -> None:
    for subject, source in (("demo", "cuff"), ("me", "omron"), ("me", "band"), ("me", "sold_watch")):
        polled(place, "r1", True, subject=subject, source=source)
        revision = {"export": f"{source:0<16}", "sha256": source, "bytes": 1}
        document = {"id": "1", "name": f"{source}.zip", "present": True, "revisions": [revision]}
        place.file(f"results/manifests/{subject}/{source}.json", json.dumps({"documents": [document]}))
        unread(place, subject, source, f"{source:0<16}", [{}])
    for subject in ("demo", "me"):
        proof = {"sources": {"any": {"accepted": 1}}}
        place.file(f"results/summary/{subject}/conservation.json", json.dumps(proof))
    place.run("r1", subjects={"me": ["omron", "band"], "new": ["scale"]})
    record.fold(place.root)
    told = state.current(place.root)
    assert [(source["subject"], source["source"]) for source in told["sources"]] == [("me", "omron"), ("me", "band")]
    assert [fault["source"] for fault in told["unreadable"]] == ["omron", "band"]
    assert list(told["rows"]) == ["me"]
    text = words.text(state.current(place.root), place.root)
    assert "demo" not in text
    assert "sold_watch" not in text
    assert "results/summary/me. Where" in text


def test_a_file_still_being_written_and_documents_that_are_gone_are_told(place: Workplace) -> None:
    why = "it was still being written; it is taken when it has come to rest"
    polled(place, "r1", True, postponed=[{"document": "export.zip", "why": why}], gone=3)
    place.run("r1")
    line = f"me/band: 2 documents, 0 new exports, 3 documents gone; 1 not taken: export.zip: {why}"
    assert line in summary(place)


def test_a_record_that_knows_only_ids_of_unfinished_files_is_still_told(place: Workplace) -> None:
    polled(place, "r1", True, postponed=["export.zip", "other.zip"])
    place.run("r1")
    assert "; 2 not taken: still being written, taken next time" in summary(place)


def test_documents_that_were_not_taken_are_told_with_their_reasons_and_only_some_of_many(place: Workplace) -> None:
    late = [{"document": f"{number}.zip", "why": "it was changed while it was read."} for number in range(5)]
    polled(place, "r1", True, postponed=late)
    place.run("r1")
    text = summary(place)
    assert "; 5 not taken: 0.zip: it was changed while it was read; 1.zip: " in text
    assert text.count("while it was read") == 3
    assert text.splitlines()[-1].endswith("; and 2 more")


def test_a_discreet_summary_has_the_reasons_and_none_of_the_owners_names(
    place: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PDP_DISCREET", "1")
    late = [{"document": f"Ada {number}.zip", "why": "it was changed while it was read."} for number in range(2)]
    polled(place, "r1", True, postponed=late)
    told = {"type": "DamagedMemberError", "message": "Ada.csv: the file ends half-way."}
    place.job("normalize", run="r1", status="FAIL", wildcards={"subject": "me"}, error=told)
    job = {"event": "job_planned", "jobid": 1, "rule": "normalize", "wildcards": {"subject": "me"}, "log": "n.log"}
    place.run("r1", job, {"event": "job_ended", "jobid": 1, "status": "FAIL"}, status="FAIL")
    text = summary(place)
    assert "Ada" not in text
    assert "; 2 not taken: it was changed while it was read (2 times)" in text
    assert "normalize me: DamagedMemberError: its details are withheld" in text


def test_a_source_whose_silence_stops_the_run_is_not_told_to_be_used_in_its_last_state(place: Workplace) -> None:
    polled(place, "r1", True, at="2026-11-19T06:00:00.000Z")
    about = {"subject": "me", "source": "band"}
    error = {"type": "SourceUnreachableError", "message": "me/band: the folder is not there. Mount it."}
    for run, at in (("r2", "2026-11-20T06:00:00.000Z"), ("r3", "2026-11-21T06:00:00.000Z")):
        place.job("ingest", run=run, status="FAIL", wildcards=about, error=error, ended=at)
    job = {"event": "job_planned", "jobid": 1, "rule": "ingest", "wildcards": about, "log": "logs/i.log"}
    place.run("r3", job, {"event": "job_ended", "jobid": 1, "status": "FAIL"}, status="FAIL")
    text = summary(place)
    assert "ingest me band: me/band: the folder is not there. Mount it. Log: logs/i.log" in text
    assert "me/band: could not be reached since 2026-11-20 06:00 UTC. What needs it was not made" in text
    assert "last state is used" not in text
    assert "not asked" not in text
    place.run("r4")
    assert "me/band: 2 documents, 0 new exports (not asked in this run" in summary(place)


def test_a_source_that_was_never_reached_has_no_state_to_use(place: Workplace) -> None:
    polled(place, "r1", False, documents=0)
    place.run("r1")
    text = summary(place)
    assert "Mount it. Nothing of it has arrived yet." in text
    assert "last state" not in text


def test_a_source_that_never_answered_is_told_as_such(place: Workplace) -> None:
    for run in ("r1", "r2"):
        polled(place, run, False, documents=0)
        place.run(run)
    text = summary(place)
    assert "me/band: was never reached, first asked 2026-" in text
    assert "the folder is not there. Mount it. Nothing of it has arrived yet." in text


def test_a_silent_source_is_not_hidden_behind_many_that_answered(place: Workplace) -> None:
    for number in range(12):
        polled(place, "r1", number != 11, source=f"band{number:02d}")
    place.run("r1")
    assert "me/band11: could not be reached" in summary(place)


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


def unread(place: Workplace, subject: str, source: str, export: str, faults: list[dict[str, Any]]) -> None:
    """Put a table of what could not be read there, vouched for by a job."""
    import pyarrow as pa

    from pdp import schemas, tables

    name = f"results/normalized/{subject}/{source}/{export}/unread.parquet"
    path = place.folder / name
    path.parent.mkdir(parents=True)
    whole = {"source": source, "export": export, "member": "", "row": 0, "text": ""}
    why = {"reason": "wrong_password", "detail": "None of the passwords opens it. Set passwords_from."}
    writer = tables.SortingWriter(path, schemas.UNREAD)
    writer.write(pa.Table.from_pylist([whole | why | fault for fault in faults], schemas.UNREAD))
    writer.close()
    out = {"name": "unread", "path": name, "sha256": f"{subject}{source}", "bytes": 1, "rows": len(faults)}
    place.job("normalize", [], [out])


def test_an_export_that_can_not_be_read_is_told_with_its_name_the_reason_and_what_to_do(place: Workplace) -> None:
    export = "0123456789abcdef"
    revision = {"export": export, "sha256": export * 4, "bytes": 1}
    document = {"id": "1", "name": "Export 3.zip", "present": True, "revisions": [revision]}
    place.file("results/manifests/me/band.json", json.dumps({"documents": [document]}))
    long = {"member": "SPORT.csv", "reason": "no_header", "detail": "It has " + "x" * 400}
    unread(place, "me", "band", export, [{}, long, {"row": 7, "reason": "bad_date", "detail": "bad day"}])
    place.file("results/summary/me/conservation.json", json.dumps({"sources": {"band": {"unread": 1}}}))
    place.run("r1")
    text = summary(place)
    assert "Could not be read" in text
    told = (
        "me/band: export 01234567 (Export 3.zip): wrong password. None of the passwords opens it. Set passwords_from."
    )
    assert told in text
    assert f"file SPORT.csv: no header. It has {'x' * 293}...\n" in text
    assert "bad d" not in text
    assert "quarantined or unread, and why: pdp rejected" in text


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


def test_a_run_accounts_for_itself_after_one_whose_clock_was_ahead(place: Workplace) -> None:
    polled(place, "ahead", True, at="2029-11-23T06:00:00.000Z", documents=7)
    place.run("ahead", at="2029-11-23T06:00:01.000Z", subjects={"me": ["band"]}, status="FAIL")
    record.fold(place.root)
    polled(place, "right", False, documents=8)
    place.run("right", subjects={"me": ["band"]})
    record.fold(place.root)
    for _ in ("as folded", "as made anew from the archives"):
        told = state.current(place.root)
        assert (told["run"]["id"], told["run"]["status"]) == ("right", "COMPLETE")
        (source,) = told["sources"]
        assert (source["is_polled_in_this_run"], source["documents"], source["reachable"]) == (True, 8, False)
        record.rebuild(place.root)


def test_the_account_of_a_run_is_of_that_run_whatever_was_taken_in_since(place: Workplace) -> None:
    place.run("mine", status="FAIL")
    record.fold(place.root)
    place.run("theirs")
    record.fold(place.root)
    told = state.write(place.root, "mine")
    assert json.loads((place.root / "pipeline_state.json").read_text())["run"]["id"] == "mine"
    assert "Failed" in words.text(told, place.root)
    assert state.current(place.root)["run"]["id"] == "theirs"
