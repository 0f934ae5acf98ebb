"""What `pdp verify` found, in words, and what to do about it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pdp.cli import text as cli_text
from pdp.lineage.verify import Finding, Verdict

_RAW = "resources/raw/"


def text(verdict: Verdict, mendable: Sequence[Finding], repaired: list[str] | None, *, is_at_work: bool) -> str:
    """The answer.

    Args:
        verdict: What was found.
        mendable: Of which a repair and the run after it put right.
        repaired: Files that a repair deleted or made again; None where there was none.
        is_at_work: Whether a run was at work meanwhile.
    """
    faults = sum(finding.is_fault for finding in verdict.findings)
    lines = [table(verdict)] if verdict.findings else []
    looked = f"{verdict.raw:,} raw exports and {verdict.artifacts:,} artifacts hashed"
    lines.append(f"{looked}: {f'{faults:,} not as they were.' if faults else 'all as they were.'}")
    rate = cli_text.size(round(verdict.bytes / max(verdict.seconds, 0.001)))
    left_out = f" Left out: {', '.join(verdict.left_out)}." if verdict.left_out else ""
    took = f"{cli_text.size(verdict.bytes)} in {verdict.seconds:.1f} s ({rate}/s)"
    lines.append(f"{took}, {verdict.receipts:,} receipts.{left_out}")
    if is_at_work and faults:
        lines.append(
            "A run was at work meanwhile, so files may have been caught half-way. Ask again when it has ended."
        )
    return "\n".join([*lines, *advice(verdict, mendable, repaired)])


def table(verdict: Verdict) -> str:
    """One line per finding."""
    rows = [[finding.kind, finding.path, finding.detail] for finding in verdict.findings]
    return cli_text.columns(["FOUND", "FILE", "WHY"], rows)


def advice(verdict: Verdict, mendable: Sequence[Finding], repaired: list[str] | None) -> list[str]:
    """What to do, one sentence a kind of fault."""
    left = set(verdict.findings) - set(mendable)
    found = [finding for finding in verdict.findings if finding in left]
    said = []
    if repaired is not None:
        said.append(f"Deleted or made again: {len(repaired):,}. Now run snakemake: it makes the rest, and pdp verify.")
    elif mendable:
        said.append(
            "Delete what is altered or spoiled in results/ and run snakemake: it is made anew. (pdp verify --repair)"
        )
    said += [sentence for sentence, applies in _SENTENCES.items() if any(map(applies, found))]
    return said


def _of(place: str, *kinds: str) -> Callable[[Finding], bool]:
    return lambda finding: finding.path.startswith(place) and finding.kind in kinds


def _is_raw(finding: Finding) -> bool:
    is_export = finding.path.startswith(_RAW) and not finding.path.endswith(".json")
    return is_export and finding.kind in ("altered", "missing", "unreadable")


def _is_line(finding: Finding) -> bool:
    is_receipt = finding.path.startswith("results/receipts/") and finding.kind == "altered"
    return is_receipt or finding.kind == "unvouched"


_SENTENCES: dict[str, Callable[[Finding], bool]] = {
    "Delete an altered raw export: the next run fetches it anew if its source has it, else use a copy "
    "(a backup, or the sealed state: pdp state pull).": _is_raw,
    "Restore results/receipts from a backup, or by pdp state pull: the registry alone is no proof.": _is_line,
    "Restore results/history from a backup, or by pdp state pull; what it says of an altered line is lost. pdp why "
    "tells of other versions as before.": lambda one: (
        one.path.startswith("results/history/") and one.path.endswith(".jsonl") and one.kind == "altered"
    ),
    "A source's memory that can't be put back: restore it from a backup, or by pdp state pull. Without it earlier "
    "revisions are forgotten, and documents that are there are read anew.": lambda one: (
        one.path.endswith(".manifest.json") and one.kind == "altered"
    ),
    "Give yourself permission to read what can't be read (chmod, chown), or put a file in place of a folder.": _of(
        "", "unreadable"
    ),
    "What is unknown was made by no run. Move it elsewhere if it is yours; nothing here deletes it.": _of(
        "", "unknown"
    ),
    "Unrun: code or settings changed since the last run, or the file was altered; the next run writes it anew.": _of(
        "", "unrun"
    ),
}
