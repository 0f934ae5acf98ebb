"""All benchmarks, one table per question."""

from __future__ import annotations

import argparse
import os
import platform
import tempfile
from importlib.metadata import version
from pathlib import Path

from benchmarks import (
    pages_question,
    pyramid_question,
    registry_question,
    rows_question,
    runs_question,
    zoom_question,
)

ALL = (rows_question.OURS, "pandas", "pandas, pyarrow's CSV", "Polars", "DuckDB")
ALONE_FROM = 50_000_000  # rows from which the others are not asked by default: they need more memory than there is
QUESTIONS = ("rows", "runs", "jobs", "pyramid", "pages", "registry")
PYRAMIDS = (5_000_000, 30_000_000)  # samples


def main() -> None:
    """Run what was asked for and print it."""
    asked = _arguments()
    libraries = ("numpy", "pandas", "pyarrow", "polars", "duckdb", "snakemake")
    print(
        f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, Python {platform.python_version()},",
        ", ".join(f"{name} {version(name)}" for name in libraries),
        flush=True,
    )
    with tempfile.TemporaryDirectory(prefix="pdp-bench-", dir=asked.folder) as place:
        folder = Path(place)
        if "rows" in asked.questions:
            for size in asked.sizes:
                rows = int(float(size))
                chosen = asked.contenders or (ALL if rows < ALONE_FROM else ALL[:1])
                repeats = asked.repeats if rows <= 20_000_000 else 1
                print("\n" + rows_question.tell(rows_question.measure(folder, rows, chosen, repeats)), flush=True)
        if "runs" in asked.questions:
            print("\n" + runs_question.runs(folder, 2 * asked.repeats + 1), flush=True)
        if "jobs" in asked.questions:
            print("\n" + runs_question.jobs(folder, asked.repeats), flush=True)
        if "pyramid" in asked.questions:
            print("\n" + pyramid_question.tell(folder, PYRAMIDS), flush=True)
        if "pages" in asked.questions:
            print("\n" + pages_question.tell(tuple(asked.pages), asked.repeats), flush=True)
            for size in asked.samples:
                print("\n" + zoom_question.tell(folder, int(float(size))), flush=True)
        if "registry" in asked.questions:
            print("\n" + registry_question.tell(folder, asked.runs), flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--questions", type=_list, default=list(QUESTIONS), help=f"of {','.join(QUESTIONS)}")
    parser.add_argument("--sizes", type=_list, default=["1e6", "1e7", "1e8"], help="numbers of rows, as 1e6,1e7,1e8")
    parser.add_argument("--contenders", type=_names, default=None, help=f"of {'; '.join(ALL)} (split by ;)")
    parser.add_argument("--repeats", type=int, default=3, help="measurements of which the median counts")
    parser.add_argument("--pages", type=_list, default=["/"], help="addresses of the dashboard, as /,/blood-pressure")
    parser.add_argument("--samples", type=_list, default=["5e6"], help="heart rates below the zoom, as 5e6,3e8")
    parser.add_argument("--runs", type=int, default=3650, help="daily runs below the registry's questions")
    parser.add_argument("--folder", type=Path, default=None, help="where to make the temporary folder")
    return parser.parse_args()


def _list(text: str) -> list[str]:
    return text.split(",")


def _names(text: str) -> list[str]:
    return text.split(";")


if __name__ == "__main__":
    main()
