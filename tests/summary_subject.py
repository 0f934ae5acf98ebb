"""Merged tables of a made-up subject, written as merge writes them."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa

from pdp import schemas, tables
from pdp.summarize import summarize
from pdp.summarize.summary_settings import SummarySettings
from pdp.timeframe import ZoneLedger
from pdp.vocabulary import MEASURES

BERLIN = [{"zone": "Europe/Berlin"}]


@dataclass
class Subject:
    """Rows by measure. Times are given in UTC or as the subject's wall clock, and placed by zoneinfo alone."""

    zones: Sequence[Mapping[str, str]] = field(default_factory=lambda: BERLIN)
    rows: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: {name: [] for name in MEASURES})
    lost: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: {name: [] for name in MEASURES})

    def __post_init__(self) -> None:
        self.ledger = ZoneLedger.from_config(list(self.zones))

    def zone(self, utc: datetime) -> ZoneInfo:
        """The zone that holds at an instant."""
        found = ZoneInfo(self.zones[0]["zone"])
        for entry in self.zones[1:]:
            zone = ZoneInfo(entry["zone"])
            if datetime.fromisoformat(entry["since"]).replace(tzinfo=zone) <= utc:
                found = zone
        return found

    def offset(self, utc: datetime) -> int:
        """Minutes ahead of UTC at an instant."""
        offset = utc.astimezone(self.zone(utc)).utcoffset()
        assert offset is not None
        return int(offset.total_seconds() // 60)

    def at(self, local: str, *, fold: int = 0) -> datetime:
        """The instant of "2026-03-29 01:30" in the first zone."""
        zone = ZoneInfo(self.zones[0]["zone"])
        return datetime.fromisoformat(local).replace(tzinfo=zone, fold=fold).astimezone(UTC)

    def add(self, measure: str, start: str | datetime, end: str | datetime | None = None, **values: Any) -> None:
        """One merged row. `offset`, `source` and `device` may be given."""
        self.rows[measure].append(self._row(measure, start, end, **values))

    def lose(self, measure: str, start: str | datetime, end: str | datetime | None = None, **values: Any) -> None:
        """One superseded row. `winner` is the place of its winner in rows."""
        winner = self.rows[measure][values.pop("winner")]
        reason = values.pop("reason", "other_device")
        more = {f"winner_{name}": winner[name] for name in ("start_utc", "source", "export", "member", "row")}
        self.lost[measure].append({**self._row(measure, start, end, **values), "reason": reason, **more})

    def _row(self, measure: str, start: str | datetime, end: str | datetime | None, **values: Any) -> dict[str, Any]:
        begins = self.at(start) if isinstance(start, str) else start
        ends = self.at(end) if isinstance(end, str) else end
        offset = values.pop("offset", None)
        return {
            "start_utc": begins,
            "end_utc": ends,
            "utc_offset_min": self.offset(begins) if offset is None else offset,
            "offset_basis": "ledger",
            "source": "band",
            "device": "",
            "modality": "sensed",
            "export": "0" * 16,
            "member": "",
            "row": len(self.rows[measure]) + len(self.lost[measure]) + 1,
        } | values

    def sleep(self, start: str | datetime, end: str | datetime, total: float | None = None, **values: Any) -> None:
        self.add("sleep_episode", start, end, total_sleep_time_min=total, **values)

    def stages(self, start: str | datetime, *parts: tuple[str, int], **values: Any) -> None:
        """Stages one after the other from `start`, each with its minutes."""
        begins = self.at(start) if isinstance(start, str) else start
        for stage, minutes in parts:
            ends = begins + timedelta(minutes=minutes)
            self.add("sleep_stage", begins, ends, stage=stage, **values)
            begins = ends

    def beats(self, start: str | datetime, bpm: Iterable[float], step_min: float = 5, **values: Any) -> None:
        begins = self.at(start) if isinstance(start, str) else start
        for place, value in enumerate(bpm):
            when = begins + timedelta(minutes=step_min * place)
            self.add("heart_rate", when, heart_rate_bpm=value, **{"context": "automatic", **values})

    def cuff(self, start: str, systolic: float, diastolic: float, pulse: float | None = None, **values: Any) -> None:
        self.add("blood_pressure", start, systolic_mmhg=systolic, diastolic_mmhg=diastolic, pulse_bpm=pulse, **values)

    def write(self, folder: Path) -> tuple[dict[str, Path], dict[str, Path]]:
        """merged and superseded, by measure."""
        for layer, schema_of, rows in (
            ("merged", schemas.validated, self.rows),
            ("superseded", schemas.superseded, self.lost),
        ):
            (folder / layer).mkdir(parents=True, exist_ok=True)
            for measure in MEASURES:
                write_rows(folder / layer / f"{measure}.parquet", schema_of(measure), rows[measure])
        return tuple({m: folder / layer / f"{m}.parquet" for m in MEASURES} for layer in ("merged", "superseded"))


def write_rows(
    path: Path, schema: pa.Schema, rows: Sequence[Mapping[str, Any]], metadata: Mapping[str, str] | None = None
) -> None:
    columns = {f.name: pa.array([row.get(f.name) for row in rows], _plain(f.type)) for f in schema}
    writer = tables.SortingWriter(path, schema)
    writer.write(pa.table(columns))
    writer.close(metadata)


def _plain(kind: pa.DataType) -> pa.DataType:
    return pa.string() if pa.types.is_dictionary(kind) else kind


@dataclass(frozen=True)
class Summary:
    """What summarize made of a subject."""

    merged: dict[str, Path]
    out: dict[str, Path]
    daily: dict[date, dict[str, Any]]
    nights: dict[date, dict[str, Any]]
    agreement: list[dict[str, Any]]


def summary_of(subject: Subject, folder: Path, settings: SummarySettings | None = None) -> Summary:
    merged, superseded = subject.write(folder)
    out = {name: folder / f"{name}.parquet" for name in ("daily", "nights", "agreement")}
    summarize(merged, superseded, settings=settings or SummarySettings(), ledger=subject.ledger, out=out)
    daily = {row["date"]: row for row in tables.read(out["daily"]).to_pylist()}
    nights = {row["night_date"]: row for row in tables.read(out["nights"]).to_pylist()}
    return Summary(merged, out, daily, nights, tables.read(out["agreement"]).to_pylist())


def made_up(zones: Sequence[Mapping[str, str]], first: str, days: int, seed: int) -> Subject:
    """A life with gaps, naps, broken nights, sleeps with and without stages, and odd records."""
    draw = random.Random(seed)
    subject = Subject(zones)
    midnight = datetime.fromisoformat(first).replace(tzinfo=UTC)
    for day in range(days):
        begins = midnight + timedelta(days=day)
        if draw.random() < 0.15:
            continue  # nothing worn, nothing typed
        _readings(subject, begins, draw)
        _samples(subject, begins, draw)
        _sleeps(subject, begins, draw)
        for minute in sorted(draw.sample(range(0, 1440, 15), draw.randrange(0, 40))):
            start = begins + timedelta(minutes=minute)
            subject.add("step_count", start, start + timedelta(minutes=draw.choice([1, 15])), steps=draw.randrange(900))
    return subject


def _readings(subject: Subject, begins: datetime, draw: random.Random) -> None:
    for minute in sorted(draw.sample(range(1440), draw.randrange(0, 6))):
        pulse = draw.choice([None, draw.randrange(50, 90)])
        subject.add(
            "blood_pressure",
            begins + timedelta(minutes=minute),
            systolic_mmhg=float(draw.randrange(100, 160)),
            diastolic_mmhg=draw.randrange(120, 200) / 2,
            pulse_bpm=pulse,
            source="cuff",
            modality="self_reported",
        )


def _samples(subject: Subject, begins: datetime, draw: random.Random) -> None:
    step = draw.choice([4, 5, 10])
    for minute in range(0, 1440, step):
        if draw.random() < 0.3:
            continue
        context = draw.choices(["automatic", "manual", "sleep"], [90, 5, 5])[0]
        when = begins + timedelta(minutes=minute, seconds=draw.randrange(60))
        subject.add("heart_rate", when, heart_rate_bpm=draw.randrange(400, 1200) / 8, context=context)
    for minute in sorted(draw.sample(range(1440), draw.randrange(0, 3))):
        when = begins + timedelta(minutes=minute)
        subject.add("heart_rate", when, heart_rate_bpm=float(draw.randrange(50, 70)), context="resting")


def _sleeps(subject: Subject, begins: datetime, draw: random.Random) -> None:
    """A night that begins between 18:30 and 22:29 UTC, perhaps broken, and perhaps naps."""
    start = begins + timedelta(minutes=draw.randrange(1110, 1350))
    for _ in range(draw.choice([1, 1, 2, 3])):
        start = _sleep(subject, start, draw.randrange(60, 240), draw) + timedelta(minutes=draw.randrange(5, 200))
    if draw.random() < 0.5:
        _sleep(subject, begins + timedelta(minutes=draw.randrange(600, 900)), draw.randrange(15, 120), draw)


def _sleep(subject: Subject, start: datetime, minutes: int, draw: random.Random) -> datetime:
    end = start + timedelta(minutes=minutes)
    kind = draw.choice(["both", "both", "vendor", "stages", "partial", "bare"])
    if kind in ("both", "vendor", "partial"):
        awake = draw.randrange(0, minutes // 4)
        light = draw.choice([None, float((minutes - awake) // 2)])
        subject.sleep(
            start,
            end,
            draw.choice([None, float(minutes - awake)]),
            light_min=light,
            deep_min=None if light is None else float(minutes - awake) - light,
            awake_min=draw.choice([None, float(awake)]),
            rem_min=None if light is None else draw.choice([None, 0.0]),
            is_main_sleep=draw.choice([None, None, True, False]),
            flags=draw.choice([None, None, "total_includes_awake"]),
        )
    if kind == "bare":
        subject.sleep(start, end)
    if kind in ("both", "stages", "partial"):
        left = minutes if kind != "partial" else minutes // 2
        parts = []
        while left > 0:
            length = min(left, draw.randrange(1, 50))
            parts.append((draw.choice(["awake", "light", "light", "deep", "rem", "asleep", "in_bed"]), length))
            left -= length
        subject.stages(start, *parts, flags=draw.choice([None, None, None, "unproved_stages", "unanchored"]))
        if draw.random() < 0.3:  # a short wake written over a long sleep
            subject.stages(start + timedelta(minutes=5), ("awake", 3))
    return end
