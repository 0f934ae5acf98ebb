"""The end of a run in words, at most some twenty lines: what came, what ran, what could not, where the results are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from pdp.discretion import WITHHELD, is_discreet
from pdp.vocabulary import FATES

_MOST_SOURCES = 6
_MOST_FAULTS = 4
_MOST_DETAIL = 300  # characters
_MOST_LATE = 3  # documents that were not taken, per source
_INDENT = "  "


def text(state: Mapping[str, Any], root: Path) -> str:
    """The summary.

    Args:
        state: As pdp.lineage.state.current gives it.
        root: The results folder.
    """
    run = state["run"]
    if run is None:
        return "No run is on record yet."
    lines = ["", _headline(run, state["stages"])]
    if run["error"] and not state["failures"]:
        lines.append(f"{_INDENT}{run['error']}")
    lines += _limited([_failure(fault) for fault in state["failures"]], _MOST_FAULTS, "more jobs did not end well")
    silent_first = sorted(state["sources"], key=lambda source: source["reachable"] and not source["failure"])
    lines += _section("Sources", [_source(source) for source in silent_first], _MOST_SOURCES)
    lines += _section(
        "Rows", [_rows(subject, counts) for subject, counts in state["rows"].items() if counts], _MOST_SOURCES
    )
    not_taken = sum(_fate(counts, fate) for counts in state["rows"].values() for fate in ("quarantined", "unread"))
    if not_taken:
        lines.append(f"{_INDENT}Which of them were quarantined or unread, and why: pdp rejected")
    lines += _section("Could not be read", [_unreadable(fault) for fault in state["unreadable"]], _MOST_FAULTS)
    shown = ", ".join(f"{root}/summary/{subject}" for subject in list(state["rows"])[:3])
    if shown:
        where = "" if root == Path("results") else f" --results {root}"
        lines.append(f"Results: {shown}. Where a number comes from: pdp explain daily --day ... --figure ...{where}")
    return "\n".join(lines)


def counted(number: int, noun: str) -> str:
    """ "1 job", "2 jobs"."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def when(stamp: str | None) -> str:
    """A UTC stamp for people: to the minute."""
    return f"{stamp[:10]} {stamp[11:16]} UTC" if stamp else "an unknown time"


def seconds(started: str | None, ended: str | None) -> float | None:
    """Time between two stamps, s; None where one is missing or no time."""
    try:
        return (datetime.fromisoformat(ended or "") - datetime.fromisoformat(started or "")).total_seconds()
    except ValueError:
        return None


def duration(took: float | None) -> str:
    """Seconds for people."""
    if took is None:
        return "-"
    return f"{took:.1f} s" if took < 100 else f"{int(took // 60)} min {int(took % 60)} s"


def _headline(run: Mapping[str, Any], stages: Mapping[str, Mapping[str, int]]) -> str:
    ran, reused, failed, waiting = (
        sum(stage[key] for stage in stages.values()) for key in ("ran", "reused", "failed", "waiting")
    )
    took = duration(seconds(run["started"], run["ended"]))
    by_rule = ", ".join(f"{rule} {stage['ran']}" for rule, stage in stages.items() if stage["ran"])
    did = f"{counted(ran, 'job')} ran{f' ({by_rule})' if by_rule else ''}"
    if run["status"] == "COMPLETE":
        if not ran:
            return f"Nothing to do: all {reused:,} results are up to date."
        kept = f", {reused:,} reused because nothing they depend on changed" if reused else ""
        return f"Done in {took}: {did}{kept}."
    verb = "Failed" if run["status"] == "FAIL" else "Stopped"
    blocked = f", {waiting:,} wait for what failed" if waiting else ""
    return f"{verb} after {took}: {counted(failed, 'job')} did not end well, {did}, {reused:,} reused{blocked}."


def _failure(fault: Mapping[str, Any]) -> str:
    about = " ".join([fault["rule"], *fault["wildcards"].values()])
    told = fault["message"] if _is_ours(fault["error"]) else fault["error"]
    if is_discreet() and _names_files(fault["error"]):
        told = f"{fault['error']}: {WITHHELD}"
    log = f" Log: {fault['log']}" if fault["log"] else ""
    return f"{_INDENT}{about}: {told or ('interrupted.' if fault['status'] != 'FAIL' else 'failed.')}{log}"


def _is_ours(error: str) -> bool:
    """Our own errors never hold a measured value; what others say might."""
    from pdp import errors

    return isinstance(getattr(errors, error, None), type)


def _names_files(error: str) -> bool:
    from pdp import errors

    return issubclass(getattr(errors, error, type(None)), errors.UnreadableExportError)


def _source(source: Mapping[str, Any]) -> str:
    name = f"{source['subject']}/{source['source']}"
    if not source["reachable"]:
        how = (
            "could not be reached since"
            if source["was_ever_reached"] or source["documents"]
            else "was never reached, first asked"
        )
        since = f"{name}: {how} {when(source['unreachable_since'])}"
        if not source["failure"]:
            state = "Its last state is used." if source["documents"] else "Nothing of it has arrived yet."
            return f"{since}{f': {why}' if (why := source['why']) else '.'} {state}"
        return f"{since}. What needs it was not made (on_unreachable: fail)."  # why: the failed job, above, says it
    if source["failure"]:
        return f"{name}: looking at it did not end well, see above."
    new = len(source["new_exports"]) if source["is_polled_in_this_run"] else 0
    gone = f", {counted(source['gone'], 'document')} gone" if source["gone"] else ""
    late = _late(source["postponed"])
    asked = "" if source["is_polled_in_this_run"] else f" (not asked in this run, last {when(source['polled_at'])})"
    return f"{name}: {counted(source['documents'], 'document')}, {counted(new, 'new export')}{gone}{asked}{late}"


def _late(postponed: Sequence[Any]) -> str:
    """Documents that were not taken, and why; no more than a few by name."""
    if not postponed:
        return ""
    told = [each for each in postponed if isinstance(each, Mapping)]  # older records have ids, of unfinished files
    lines = Counter(
        f"{'' if is_discreet() else each['document'] + ': '}{str(each['why']).rstrip('.')}" for each in told
    )
    if len(told) < len(postponed):
        lines["still being written, taken next time"] = len(postponed) - len(told)
    shown = [f"{line} ({count} times)" if count > 1 else line for line, count in list(lines.items())[:_MOST_LATE]]
    more = f"; and {len(lines) - _MOST_LATE} more" if len(lines) > _MOST_LATE else ""
    return f"; {len(postponed)} not taken: {'; '.join(shown)}{more}"


def _rows(subject: str, by_source: Mapping[str, Any]) -> str:
    totals = {fate: _fate(by_source, fate) for fate in FATES}
    return f"{subject}: {sum(totals.values()):,} read = " + " + ".join(
        f"{count:,} {fate}" for fate, count in totals.items()
    )


def _fate(by_source: Mapping[str, Any], fate: str) -> int:
    return sum(int(counts.get(fate) or 0) for counts in by_source.values())


def _unreadable(fault: Mapping[str, Any]) -> str:
    inside = f", file {fault['member']}" if fault["member"] and not is_discreet() else ""
    name = f" ({fault['name']})" if fault["name"] and not is_discreet() else ""
    reason = fault["reason"].replace("_", " ")
    detail = fault["detail"] if len(fault["detail"]) <= _MOST_DETAIL else f"{fault['detail'][:_MOST_DETAIL]}..."
    about = f"{fault['subject']}/{fault['source']}: export {fault['export'][:8]}{name}{inside}: {reason}"
    if is_discreet():
        return f"{about}."  # the detail may name files, worksheets and columns
    return f"{about}. {detail}" if detail else about


def _section(title: str, lines: Sequence[str], most: int) -> list[str]:
    return [title, *_limited([_INDENT + line for line in lines], most, "more")] if lines else []


def _limited(lines: list[str], most: int, rest: str) -> list[str]:
    return lines if len(lines) <= most + 1 else [*lines[:most], f"{_INDENT}and {len(lines) - most} {rest}"]
