"""Key files: what each job's identity is made of, one file per rule and what it is about, in results/keys."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pdp import forgotten, keys, secrets, store
from pdp.config import Config, Source, Subject
from pdp.vocabulary import MEASURES

FOLDER = Path("results/keys")
GUIDELINES = Path("src/pdp/home_bp/guidelines.yaml")


def every(config: Config, code: keys.Code, root: Path) -> dict[Path, str]:
    """The text of every key file: exactly the settings a rule reads, and the code it runs."""
    scripts = root / "scripts"
    texts = {FOLDER / "validate.json": keys.key("validate", code, scripts / "validate.py", {"limits": config.limits})}
    for subject, person in config.subjects.items():
        days = forgotten.read(Path("resources/raw", subject)).days
        for name, source in person.sources.items():
            asked = _recall(config.as_of, person) if config.as_of else _ingest(source)
            reading = _normalize(source, source.time_zone or person.time_zone)
            if days and not config.as_of:  # what arrives is read, so that it can be kept without them
                asked |= {"reading": reading, "forgotten_days": days}
            texts[FOLDER / "ingest" / subject / f"{name}.json"] = json.dumps({"settings": asked}, indent=1)
            texts[FOLDER / "normalize" / subject / f"{name}.json"] = keys.key(
                "normalize",
                code,
                scripts / "normalize.py",
                reading | ({"forgotten_days": days} if days else {}),
                also=[f"pdp.formats.{source.format}"],
            )
        for measure in MEASURES:
            able = [name for name, source in person.sources.items() if measure in code.measures(source.format)]
            order = list(person.priority.get(measure, able))
            settings = {
                "time_zone": person.time_zone,
                "merge": {"priority": order, **config.merge.get(measure, {})},
            }
            path = FOLDER / "merge" / subject / f"{measure}.json"
            texts[path] = keys.key("merge", code, scripts / "merge.py", settings)
        texts[FOLDER / "summarize" / f"{subject}.json"] = keys.key(
            "summarize", code, scripts / "summarize.py", {"time_zone": person.time_zone, "summary": config.summary}
        )
        of_home_bp = {
            "home_bp": config.home_bp,
            "summary": {name: config.summary[name] for name in ("morning", "evening") if name in config.summary},
            "guidelines": store.sha256(root / GUIDELINES),
        }
        texts[FOLDER / "home_bp" / f"{subject}.json"] = keys.key("home_bp", code, scripts / "home_bp.py", of_home_bp)
        texts[FOLDER / "events" / f"{subject}.json"] = keys.key(
            "events", code, scripts / "events.py", {"events": person.events_told}
        )
        texts[FOLDER / "trends" / f"{subject}.json"] = keys.key(
            "trends", code, scripts / "trends.py", {"time_zone": person.time_zone, "summary": config.summary}
        )
        texts[FOLDER / "pyramid" / f"{subject}.json"] = keys.key("pyramid", code, scripts / "pyramid.py", {})
        texts[FOLDER / "heart_rate" / f"{subject}.json"] = keys.key(
            "heart_rate", code, scripts / "heart_rate.py", {"time_zone": person.time_zone, "summary": config.summary}
        )
        of_report = of_home_bp | {"name": person.name or subject, "born": person.born}
        path = FOLDER / "report_facts" / f"{subject}.json"
        texts[path] = keys.key("report_facts", code, scripts / "report_facts.py", of_report)
        texts[FOLDER / "report_pages" / f"{subject}.json"] = keys.key(
            "report_pages", code, scripts / "report_pages.py", {"guidelines": store.sha256(root / GUIDELINES)}
        )
    texts[FOLDER / "report_pdf.json"] = keys.key(
        "report_pdf", code, scripts / "report_pdf.py", {"guidelines": store.sha256(root / GUIDELINES)}
    )
    return texts


def _ingest(source: Source) -> dict[str, Any]:
    return {
        "transport": source.transport,
        "location": source.location,
        "on_unreachable": source.on_unreachable,
    }


def _recall(as_of: str, person: Subject) -> dict[str, Any]:
    from pdp import past  # imports what a run in the present does not need

    return {"until": past.until(as_of, person.time_zone, store.now())}


def _normalize(source: Source, time_zone: Any) -> dict[str, Any]:
    """A password that changed must be tried, and must not be found in the key."""
    marks = [secrets.password_mark(password) for password in secrets.passwords(source.passwords_from)]
    return {
        "format": source.format,
        "settings": source.settings,
        "device": source.device,
        "time_zone": time_zone,
        "passwords_from": dict(zip(source.passwords_from, marks, strict=True)),
        "on_unreadable": source.on_unreadable,
    }
