"""How fast, and in how much memory, do normalize, validate and merge take heart-rate rows in?"""

from __future__ import annotations

import json
import shutil
import statistics
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks import stages
from benchmarks.processes import Usage, Watch, environment
from benchmarks.text_table import megabytes, ratio, seconds, table
from pdp.run import KEEP_PAGES

ROOT = Path(__file__).parents[1]
OURS = "PDP"
PANDAS = "pandas"


@dataclass(frozen=True)
class Result:
    """One contender at one size."""

    name: str
    rows: int
    usage: Usage
    sums: dict[str, int]
    bytes: int
    by_rule: dict[str, list[Usage]]


class DifferentResultError(Exception):
    """Contenders that did not do the same work can't be compared."""


def measure(folder: Path, rows: int, contenders: Sequence[str], repeats: int) -> list[Result]:
    """Every contender on the same exports, in turn, `repeats` times; the run of median time counts.

    Raises:
        DifferentResultError: Check sums differ.
    """
    raw = folder / "raw"
    _child("benchmarks.exports", str(raw), str(rows), cwd=folder)
    runs: dict[str, list[Result]] = {name: [] for name in contenders}
    for _ in range(repeats):
        for name in contenders:
            place = folder / "result"
            place.mkdir()
            runs[name].append(_ours(place, raw, rows) if name == OURS else _other(name, place, raw, rows))
            shutil.rmtree(place)
    shutil.rmtree(raw)
    first = runs[contenders[0]][0]
    for each in (result for results in runs.values() for result in results):
        if each.sums != first.sums:
            raise DifferentResultError(f"{first.name} gives {first.sums}, {each.name} gives {each.sums}.")
    return [_median(results) for results in runs.values()]


def _median(results: Sequence[Result]) -> Result:
    middle = statistics.median_low(result.usage.wall_s for result in results)
    return next(result for result in results if result.usage.wall_s == middle)


def _ours(place: Path, raw: Path, rows: int) -> Result:
    for name in ("src", "scripts"):
        shutil.copytree(ROOT / name, place / name, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    # Byte code, as on any machine that has run the program before.
    _child("compileall", "-q", "src", "scripts", cwd=place)
    exports = sorted(raw.iterdir())
    stages.prepare(place, exports)
    _child("benchmarks.job_keys", json.dumps(stages.SETTINGS), cwd=place)
    with Watch(environment(place / "src", ROOT) | KEEP_PAGES, place) as watch:
        by_rule = stages.run(watch, exports)
    unread = list(place.glob("results/normalized/*/*/*/unread.parquet"))
    result = place / f"results/merged/{stages.SUBJECT}/{stages.MEASURE}.parquet"
    sums = _checksums(result, [*unread, *place.glob("results/quarantine/*/*/*.parquet")])
    return Result(OURS, rows, watch.total, sums, result.stat().st_size, by_rule)


def _other(name: str, place: Path, raw: Path, rows: int) -> Result:
    with Watch(environment(ROOT), place) as watch:
        watch.run([sys.executable, "-m", "benchmarks.contenders", name, str(raw), str(place)])
    result = place / "merged.parquet"
    sums = _checksums(result, [place / "rejects.parquet"])
    return Result(name, rows, watch.total, sums, result.stat().st_size, {})


def _checksums(result: Path, rejected: Sequence[Path]) -> dict[str, int]:
    sums: dict[str, int] = json.loads(
        _child("benchmarks.checksums", str(result), *map(str, rejected), cwd=result.parent)
    )
    return sums


def _child(module: str, *arguments: str, cwd: Path) -> str:
    """Untimed work, in a child so that this process stays small."""
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=cwd,
        env=environment(ROOT / "src", ROOT),
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return done.stdout


def tell(results: Sequence[Result]) -> str:
    """The table: contenders at one size."""
    ours = next((result for result in results if result.name == OURS), None)
    lines = []
    for result in results:
        usage = result.usage
        lines.append(
            [
                result.name,
                seconds(usage.wall_s),
                f"{result.rows / usage.wall_s / 1e6:.2f} M",
                ratio(usage.wall_s / ours.usage.wall_s) if ours else "",
                seconds(usage.cpu_s),
                megabytes(usage.largest),
                megabytes(usage.together),
                f"{result.bytes / result.sums['n']:.2f}",
            ]
        )
    head = ["", "time", "rows/s", "of PDP's time", "CPU", "largest process", "together", "bytes/row"]
    rows, sums = results[0].rows, results[0].sums
    title = (
        f"normalize + validate + merge of {rows:,} heart-rate rows: {sums['n']:,} stand, {sums['rejected']} rejected"
    )
    return table(title, head, lines, [*_aims(rows, results, ours), *_by_rule(ours)])


def _aims(rows: int, results: Sequence[Result], ours: Result | None) -> list[str]:
    notes = ["All results have the same check sums (rows, values, epoch minutes, offsets, record numbers, rejects)."]
    if ours is None:
        return notes
    if rows == 10_000_000:
        for other in results:
            if other.name != OURS:
                least = 8 if other.name == PANDAS else 1
                found = other.usage.wall_s / ours.usage.wall_s
                what = f"at least {least}x as fast as" if least > 1 else "ahead of"
                notes.append(_aim(f"{what} {other.name}", ratio(found), found >= least))
    if rows == 100_000_000:
        notes.append(_aim("under 60 s on two cores", seconds(ours.usage.wall_s), ours.usage.wall_s < 60))
        notes.append(_aim("under 1 GB", megabytes(ours.usage.together), ours.usage.together < 1e9))
    return notes


def _aim(what: str, found: str, is_met: bool) -> str:
    return f"Aim: {what}: {found}, {'met' if is_met else 'MISSED'}."


def _by_rule(ours: Result | None) -> list[str]:
    """Where our time goes."""
    if ours is None:
        return []
    return [
        f"{OURS} {rule}: {len(used)} job{'s' if len(used) > 1 else ''},"
        f" {seconds(sum(each.wall_s for each in used))} wall, {seconds(sum(each.cpu_s for each in used))} CPU,"
        f" {megabytes(max(each.largest for each in used))}"
        for rule, used in ours.by_rule.items()
    ]
