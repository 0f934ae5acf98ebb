"""The same work written plainly in pandas, Polars and DuckDB, each as its own users would write it.

Every function reads all exports, places local times in UTC, keeps rejects (unreadable, impossible) apart, leaves out
what tells nothing, lets the newest export's first row stand for each instant, and writes sorted Parquet:
start_utc, utc_offset_min, heart_rate_bpm, export, row. The compression is the library's default.
Newest: the export whose last good reading is later. They do less than our stages: no flags, no proof that no row
was lost, no file of superseded rows with their winners, no digests, no fsync.

As a program: `python -m benchmarks.contenders NAME RAW_FOLDER RESULT_FOLDER`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Literal

from benchmarks.exports import ZONE

FORMAT = "%Y-%m-%d %H:%M:%S"
LOW, HIGH = 20, 300  # possible heart rates per minute
NOTHING = (-1, 0, 254, 255)  # what a band writes when it could not measure
RESULT, REJECTS = "merged.parquet", "rejects.parquet"


def by_pandas(paths: Sequence[Path], out: Path, engine: Literal["c", "pyarrow"] = "c") -> None:
    """pandas, with its own CSV reader or pyarrow's."""
    import numpy as np
    import pandas as pd

    good, rejects = [], []
    for path in paths:
        raw = pd.read_csv(path, dtype="str", engine=engine)
        raw["export"], raw["row"] = path.name, range(2, len(raw) + 2)
        local = pd.to_datetime(raw["date"] + " " + raw["time"], format=FORMAT, errors="coerce")
        value = pd.to_numeric(raw["heartRate"], errors="coerce")
        is_nothing = value.isin(NOTHING)
        is_good = local.notna() & value.between(LOW, HIGH) & ~is_nothing
        rejects.append(raw[~is_good & ~is_nothing])
        local = local[is_good]
        utc = local.dt.tz_localize(ZONE, ambiguous=np.ones(len(local), bool)).dt.tz_convert("UTC")
        rows = pd.DataFrame(
            {
                "start_utc": utc,
                "utc_offset_min": ((local - utc.dt.tz_localize(None)).dt.total_seconds() // 60).astype("int16"),
                "heart_rate_bpm": value[is_good].astype("float32"),
                "export": raw["export"][is_good].astype("category"),
                "row": raw["row"][is_good].astype("int32"),
            }
        )
        rows["last"] = rows["start_utc"].max()
        good.append(rows)
    table = pd.concat(good, ignore_index=True)
    table["export"] = table["export"].astype("category")
    table = table.sort_values(["start_utc", "last", "row"], ascending=[True, False, True])
    table = table.drop_duplicates("start_utc").drop(columns="last")
    table.to_parquet(out / RESULT, index=False)
    pd.concat(rejects).to_parquet(out / REJECTS, index=False)


def by_polars(paths: Sequence[Path], out: Path) -> None:
    """Polars, lazy."""
    import polars as pl

    frames = [
        pl.scan_csv(path, infer_schema=False, row_index_name="row", row_index_offset=2).with_columns(
            export=pl.lit(path.name, dtype=pl.Categorical)
        )
        for path in paths
    ]
    parsed = pl.concat(frames).with_columns(
        local=pl.concat_str("date", "time", separator=" ").str.to_datetime(FORMAT, time_unit="ms", strict=False),
        heart_rate_bpm=pl.col("heartRate").cast(pl.Float32, strict=False),
    )
    is_nothing = pl.col("heart_rate_bpm").is_in(pl.Series(NOTHING, dtype=pl.Float32).implode()).fill_null(False)
    is_good = (
        pl.col("local").is_not_null() & pl.col("heart_rate_bpm").is_between(LOW, HIGH).fill_null(False) & ~is_nothing
    )
    utc = pl.col("local").dt.replace_time_zone(ZONE, ambiguous="earliest", non_existent="null")
    rows = parsed.filter(is_good).select(
        start_utc=utc.dt.convert_time_zone("UTC"),
        utc_offset_min=(pl.col("local") - utc.dt.convert_time_zone("UTC").dt.replace_time_zone(None))
        .dt.total_minutes()
        .cast(pl.Int16),
        heart_rate_bpm="heart_rate_bpm",
        export="export",
        row=pl.col("row").cast(pl.Int32),
    )
    newest_first = (
        rows.with_columns(last=pl.col("start_utc").max().over("export"))
        .sort(["start_utc", "last", "row"], descending=[False, True, False])
        .unique("start_utc", keep="first", maintain_order=True)
        .drop("last")
    )
    table, rejects = pl.collect_all([newest_first, parsed.filter(~is_good & ~is_nothing)])
    table.write_parquet(out / RESULT)
    rejects.write_parquet(out / REJECTS)


def by_duckdb(paths: Sequence[Path], out: Path) -> None:
    """DuckDB, on a database in memory."""
    import duckdb

    base = duckdb.connect()
    base.execute("SET TimeZone = 'UTC'")
    files = " UNION ALL ".join(
        f"SELECT *, '{path.name}' AS export, row_number() OVER () + 1 AS row"
        f" FROM read_csv('{path}', header = true, all_varchar = true)"
        for path in paths
    )
    base.execute(
        f"""
        CREATE TEMP TABLE parsed AS
        SELECT *, try_strptime(date || ' ' || time, '{FORMAT}') AS local, try_cast(heartRate AS FLOAT) AS bpm
        FROM ({files})
        """
    )
    base.execute(
        f"""
        COPY (
            SELECT export, row, date, time, heartRate FROM parsed
            WHERE coalesce(bpm NOT IN {NOTHING}, true)
                AND NOT coalesce(bpm BETWEEN {LOW} AND {HIGH} AND local IS NOT NULL, false)
        ) TO '{out / REJECTS}' (FORMAT parquet)
        """
    )
    # DuckDB takes the second pass of a repeated hour; an hour before the hour after is the first.
    base.execute(
        f"""
        COPY (
            WITH placed AS (
                SELECT *, least(
                    timezone('{ZONE}', local),
                    timezone('{ZONE}', local - INTERVAL 1 HOUR) + INTERVAL 1 HOUR
                ) AS start_utc
                FROM parsed
                WHERE local IS NOT NULL AND bpm BETWEEN {LOW} AND {HIGH} AND bpm NOT IN {NOTHING}
            ),
            ages AS (SELECT export, max(start_utc) AS last FROM placed GROUP BY export)
            SELECT
                start_utc,
                datediff('minute', start_utc::TIMESTAMP, local)::SMALLINT AS utc_offset_min,
                bpm AS heart_rate_bpm,
                export,
                row::INTEGER AS row
            FROM placed JOIN ages USING (export)
            QUALIFY row_number() OVER (PARTITION BY start_utc ORDER BY last DESC, row) = 1
            ORDER BY start_utc
        ) TO '{out / RESULT}' (FORMAT parquet)
        """
    )


CONTENDERS: dict[str, Callable[[Sequence[Path], Path], None]] = {
    "pandas": by_pandas,
    "pandas, pyarrow's CSV": partial(by_pandas, engine="pyarrow"),
    "Polars": by_polars,
    "DuckDB": by_duckdb,
}


if __name__ == "__main__":
    CONTENDERS[sys.argv[1]](sorted(Path(sys.argv[2]).iterdir()), Path(sys.argv[3]))
