"""How does the registry bear ten years of daily runs: its size, the answers' times, taking in one run more?"""

from __future__ import annotations

import hashlib
import json
import statistics
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from benchmarks.text_table import table
from pdp.cli import why_text
from pdp.lineage import compare, database, explain, queries, record
from pdp.lineage.model import JobRun, RunJob
from pdp.report_pages import lineage
from pdp.vocabulary import MEASURES

FIRST = datetime(2017, 1, 1, 5, tzinfo=UTC)
EXPORTS = 10  # that count at a time, of each of the two sources
DAILY = "results/summary/ada/daily.parquet"
SUMMARIES = ("home_bp", "events", "trends", "pyramid", "heart_rate", "report_facts")


def tell(folder: Path, runs: int) -> str:
    """Build it, ask it, and tell as a table."""
    root = folder / "registry" / "results"
    receipts = root / "receipts"
    receipts.mkdir(parents=True)
    years: dict[str, list[str]] = {}
    for receipt in _receipts(runs):
        years.setdefault(receipt["ended"][:7], []).append(json.dumps(receipt))
    for month, lines in years.items():
        (receipts / f"{month}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    begun = time.perf_counter()
    record.rebuild(root)
    rebuilt = time.perf_counter() - begun
    file = database.path_of(root)
    with database.reading(root) as session:
        rows = sum(session.scalar(select(func.count()).select_from(each)) or 0 for each in (JobRun, RunJob))
        last = queries.versions(session, DAILY)[-1].number
    asked: dict[str, Callable[[Session], object]] = {
        "explain daily": lambda session: explain.dataset(session, DAILY),
        "why daily": lambda session: why_text.answer(session, root, DAILY, None, None),
        "why daily, over a year": lambda session: why_text.answer(session, root, DAILY, max(1, last - 300), last),
        "history daily, the last 20": lambda session: [
            compare.cause_in_few_words(session, DAILY, version.number)
            for version in queries.versions(session, DAILY)[-20:]
        ],
        "runs": lambda session: queries.runs(session, 10),
        "current versions": queries.current_versions,
    }
    lines = [[name, *_ms(lambda question=question: _answer(root, question))] for name, question in asked.items()]
    lines.append(["the lineage in a report", *_ms(lambda: lineage.write(root, ["ada"]), 1)])
    lines.append(["one run more", *_ms(lambda: _fold(root, runs), 1)])
    archived = sum(path.stat().st_size for path in receipts.glob("*.jsonl"))
    title = (
        f"{runs:,} runs, {rows:,} job rows: registry {file.stat().st_size / 1e6:.0f} MB, "
        f"receipts {archived / 1e6:.0f} MB, made again from them in {rebuilt:.0f} s"
    )
    return table(title, ["question", "ms", "CPU ms"], lines)


def _ms(question: Callable[[], object], repeats: int = 3) -> tuple[str, str]:
    """Wall time, and the processor's, which tells more on a busy machine: the medians."""
    took = []
    for _ in range(repeats):
        begun = time.perf_counter(), time.process_time()
        question()
        took.append((time.perf_counter() - begun[0], time.process_time() - begun[1]))
    wall, cpu = (f"{1000 * statistics.median(each):,.0f}" for each in zip(*took, strict=True))
    return wall, cpu


def _answer(root: Path, question: Callable[[Session], object]) -> None:
    with database.reading(root) as session:
        question(session)


def _fold(root: Path, runs: int) -> None:
    spool = root / "receipts/spool"
    spool.mkdir(exist_ok=True)
    for receipt in _run(runs, _exports(runs), is_new=True, is_edit=False):
        if receipt["kind"] == "job":
            (spool / f"{receipt['id']}.json").write_text(json.dumps(receipt), encoding="utf-8")
    record.fold(root)


def _receipts(runs: int) -> Iterator[dict[str, Any]]:
    """A run a day: on four of five something new came; now and then the code changed, sometimes there is nothing."""
    for number in range(runs):
        yield from _run(number, _exports(number), is_new=number % 5 != 4, is_edit=number % 90 == 89)


def _exports(number: int) -> dict[str, list[str]]:
    """The exports that count: a sheet with revisions, and a month of band exports each."""
    sheet = [_digest("cuff", number - number % 2)]
    return {"cuff": sheet, "band": [_digest("band", number // 30 - back) for back in range(EXPORTS)]}


def _run(number: int, exports: dict[str, list[str]], *, is_new: bool, is_edit: bool) -> Iterator[dict[str, Any]]:
    at = FIRST + timedelta(days=number)
    run = f"{at:%Y%m%dT%H%M%SZ}-{number:08x}"
    code = (number + 1) // 90
    jobs: list[dict[str, Any]] = []

    def job(rule: str, wildcards: dict[str, str], inputs: list[str], outputs: list[str], **more: Any) -> dict[str, Any]:
        ended = (at + timedelta(seconds=1 + len(jobs))).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        content = {
            "rule": rule,
            "code": {f"pdp.{rule}.module_{n}": _digest(rule, n, code) for n in range(12)},
            "settings": {"time_zone": "Europe/Berlin"},
            "libraries": {"pyarrow": "26.0.1", "numpy": "2.4.0"},
            "python": "3.13",
        }
        text = json.dumps(content)
        receipt = {
            "kind": "job",
            "id": hashlib.md5(f"{run}{len(jobs)}".encode(), usedforsecurity=False).hexdigest(),
            "run": run,
            "seq": number * 100 + len(jobs) + 1,
            "rule": rule,
            "wildcards": wildcards,
            "status": "COMPLETE",
            "started": ended,
            "ended": ended,
            "host": "here",
            "pid": 1,
            "key": {"path": f"results/keys/{rule}.json", "sha256": _whole(text), "content": content},
            "inputs": [_artifact(path, number, is_input=True) for path in inputs],
            "outputs": [_artifact(path, number) for path in outputs],
            "rows": {},
            "error": None,
            **more,
        }
        jobs.append(receipt)
        return receipt

    for source, names in exports.items():
        poll = {"subject": "ada", "source": source, "reachable": True, "why": None, "documents": len(names)}
        wildcards = {"subject": "ada", "source": source}
        yield job("ingest", wildcards, [], [f"results/manifests/ada/{source}.json"], poll=poll)
    if is_new or is_edit:
        fresh = {"cuff": exports["cuff"], "band": exports["band"][:1]}
        for source, names in exports.items() if is_edit else fresh.items():
            for export in names:
                place = f"ada/{source}/{export}"
                wildcards = {"subject": "ada", "source": source, "export": export}
                tables = [f"results/normalized/{place}/{name}.parquet" for name in [*MEASURES, "unread"]]
                yield job("normalize", wildcards, [f"resources/raw/ada/{export}"], tables)
                validated = [f"results/validated/{place}/{name}.parquet" for name in MEASURES]
                yield job("validate", wildcards, tables, [*validated, f"results/quarantine/{place}.parquet"])
        every = [f"ada/{source}/{export}" for source, names in exports.items() for export in names]
        merged = []
        for name in MEASURES:
            outputs = [f"results/{layer}/ada/{name}.parquet" for layer in ("merged", "superseded")]
            read = [f"results/validated/{place}/{name}.parquet" for place in every]
            yield job("merge", {"subject": "ada", "measure": name}, read, outputs)
            merged += outputs
        counted = [f"results/{layer}/{place}/{name}.parquet" for place in every for name in MEASURES
                   for layer in ("normalized", "validated")]  # fmt: skip
        yield job("summarize", {"subject": "ada"}, [*merged, *counted], [DAILY, DAILY.replace("daily", "nights")])
        for rule in SUMMARIES:
            yield job(rule, {"subject": "ada"}, [DAILY], [f"results/summary/ada/{rule}.parquet"])
    told = [
        {"jobid": n, "rule": one["rule"], "wildcards": one["wildcards"], "reason": "Forced execution", "log": "",
         "status": "COMPLETE", "started": one["started"], "ended": one["ended"]}
        for n, one in enumerate(jobs)
    ]  # fmt: skip
    ended = jobs[-1]["ended"]
    yield {
        "kind": "run",
        "id": run,
        "seq": number * 100 + 99,
        "status": "COMPLETE",
        "started": jobs[0]["started"],
        "ended": ended,
        "host": "here",
        "pid": 1,
        "command": ["snakemake"],
        "jobs": told,
        "subjects": {"ada": ["cuff", "band"]},
        "planned": {},
        "graph": {},
    }


def _artifact(path: str, number: int, *, is_input: bool = False) -> dict[str, Any]:
    """A file whose bytes are new with every run that made it: of an export once, of what is merged whenever it ran."""
    parts = path.split("/")
    is_of_export = parts[1] in ("raw", "normalized", "validated", "quarantine")
    version = (number + 1) // 90 if is_of_export else number
    return {
        "name": parts[-1].split(".")[0],
        "path": path,
        "sha256": _whole(f"{path}{version}"),
        "bytes": 10_000,
        "rows": 100,
    }


def _digest(*parts: object) -> str:
    return _whole(repr(parts))[:16]


def _whole(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
