"""A registry in which every name and value is unmistakable, so that one that gets out is found."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from tests.workplace import Workplace

SUBJECT, SOURCE = "zaphodsubject", "marvinsource"
DOCUMENT, PERSON, EVENTS_FILE = "Trillians log.csv", "Ford Prefect", "/home/slartibartfast/events.csv"
VALUE = "774177"
NAMES = (SUBJECT, SOURCE, "Trillian", PERSON, "slartibartfast", "Antarctica", "1952-03-11", "secretmark")
CANARIES = (*NAMES, VALUE)
EXPORT = hashlib.sha256(f"Date,{VALUE}".encode()).hexdigest()[:16]
SETTINGS = {
    "time_zone": [{"zone": "Antarctica/Troll"}],
    "name": PERSON,
    "born": "1952-03-11",
    "passwords_from": {"ZIP_PASSWORD": "secretmark"},
    "summary": {"morning": "05:00-12:00"},
    "merge": {"priority": [SOURCE], "gap_min": 5},
}


def of_runs(folder: Path, runs: int = 2) -> Workplace:
    """Runs r1, r2, ... that read one export and made tables of it; r2 and later make the summary alone."""
    place = Workplace(folder)
    raw = place.file(f"resources/raw/{SUBJECT}/{EXPORT}", f"Date,{VALUE}")
    tables = {
        name: place.file(path, f"{name} {VALUE}", rows=3)
        for name, path in {
            "manifest": f"results/manifests/{SUBJECT}/{SOURCE}.json",
            "normalized": f"results/normalized/{SUBJECT}/{SOURCE}/{EXPORT}/blood_pressure.parquet",
            "validated": f"results/validated/{SUBJECT}/{SOURCE}/{EXPORT}/blood_pressure.parquet",
            "merged": f"results/merged/{SUBJECT}/blood_pressure.parquet",
        }.items()
    }
    _job(place, "ingest", [], [tables["manifest"]], source=SOURCE)
    _job(place, "normalize", [raw], [tables["normalized"]], source=SOURCE, export=EXPORT)
    _job(place, "validate", [tables["normalized"]], [tables["validated"]], source=SOURCE, export=EXPORT)
    _job(place, "merge", [tables["validated"]], [tables["merged"]], measure="blood_pressure")
    for number in range(1, runs + 1):
        daily = place.file(f"results/summary/{SUBJECT}/daily.parquet", f"daily {VALUE} {number}", rows=number)
        outside = {"name": "events", "path": EVENTS_FILE, "sha256": "e" * 64, "bytes": 7, "rows": None}
        _job(place, "summarize", [tables["merged"], outside], [daily], run=f"r{number}")
        place.run(f"r{number}", subjects={SUBJECT: [SOURCE]})
    return place


def _job(place: Workplace, rule: str, inputs: list[Any], outputs: list[Any], run: str = "r1", **wildcards: str) -> None:
    settings = {name: value for name, value in SETTINGS.items() if name != "merge" or rule == "merge"}
    place.job(rule, inputs, outputs, run=run, wildcards={"subject": SUBJECT, **wildcards}, settings=settings)


def failed_run(place: Workplace, kind: str, message: str) -> None:
    """A run "bad" with a job that failed, one that was killed, and an error in the engine's words."""
    wildcards = {"subject": SUBJECT, "source": SOURCE, "export": EXPORT}
    about = {"wildcards": wildcards, "reason": "", "log": "", "rule": "validate"}
    place.job(
        "normalize", [], [], run="bad", status="FAIL", wildcards=wildcards, error={"type": kind, "message": message}
    )
    place.run(
        "bad",
        {"event": "job_planned", "jobid": 1, **about, "rule": "normalize"},
        {"event": "job_ended", "jobid": 1, "status": "FAIL"},
        {"event": "job_planned", "jobid": 2, **about},
        {"event": "error", "text": f"RuleException: {VALUE} of {DOCUMENT}"},
        status="FAIL",
    )
