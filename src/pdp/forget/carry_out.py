"""An erasure from its first step to its last, under the lock of runs; killed anywhere, it is finished by doing it anew.

    journal -> forgotten.json -> copies, manifests -> files -> receipts -> the state: commit, blobs -> search -> journal

Every step can be done twice. What was remembered for good (forgotten.json) stands before anything goes, so whatever
happens nothing comes back by a run. The journal goes last.
"""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import uuid4

from pdp import forgotten, leftovers, store
from pdp.aside import aside
from pdp.errors import StateError
from pdp.forget import cuts, elsewhere, places, proof, receipts
from pdp.forget import journal as journals
from pdp.forget.journal import Journal
from pdp.forget.lines import Lines
from pdp.forget.plan import RAW, Export, Plan
from pdp.forget.proof import Proof
from pdp.run import FORGETTING
from pdp.state import cut, memory, pull, room
from pdp.state.backends import Backend, Step, no_step
from pdp.state.room import Room
from pdp.state.sealing import Keys

LINES = FORGETTING.with_suffix(".lines")


@dataclass(frozen=True)
class Done:
    """What was erased: files here, blobs of the state; what a search found.

    `blobs` is None where none were looked for: this folder knows of no state, or (`is_cut_elsewhere`) the machine where
    it was forgotten has erased them.
    """

    files: int
    blobs: int | None
    commit: int | None
    proof: Proof
    is_cut_elsewhere: bool = False


def erase(
    root: Path, plan: Plan, state: tuple[Backend, Keys] | None, *, at: str | None = None, step: Step = no_step
) -> Done:
    """Erase what a plan names.

    Args:
        root: The working folder.
        plan: What goes; made after the last pull.
        state: Where the sealed copies are, and what opens them; None where this folder knows of none.
        at: ISO 8601 UTC; now, if not given.
        step: Called between steps; tests kill here.

    Raises:
        StateError: A run is at work, another erasure is unfinished, or the state can't be reached. Before anything
            went, if it is reached at all; else `finish` goes on.
    """
    root = root.absolute()
    with room.opened(root) as held:
        if held.marker.exists() or (root / FORGETTING).exists():
            raise StateError(
                "a pull, a push or an erasure was cut short in this folder.",
                hint="Finish it first: pdp forget --finish, or pdp state pull.",
            )
        folder = root / RAW / plan.asked.subject
        if any(each.bytes and not (folder / each.name).is_file() for each in plan.exports):
            raise StateError(
                "what was shown is no longer what is here: another erasure was done meanwhile.", hint="Ask again."
            )
        if state is not None and cut.is_behind(held, *state, op_id=""):
            raise StateError(
                "the state has more than this folder, maybe of what shall be forgotten. Nothing was erased.",
                hint="Bring it here first: pdp state pull, then again.",
            )
        journal = journals.begin(plan, id=uuid4().hex, at=at or store.now(), secret=secrets.token_hex(32))
        shutil.rmtree(root / places.STAGED, ignore_errors=True)  # of one that was killed before it began
        places.stage_copies(root, plan)
        _remember_lines(root, journal)
        journals.write(root, journal)
        step("begun")
        return _go_on(held, journal, state, step)


def finish(root: Path, state: tuple[Backend, Keys] | None, *, step: Step = no_step) -> list[Done]:
    """Finish what was begun here, and erase here what was forgotten on other machines; nothing, if there is nothing.

    Raises:
        StateError: As `erase`.
    """
    root = root.absolute()
    done = []
    uncut: elsewhere.Findings = ()
    if (journal := journals.read(root)) is not None:
        if state is not None:
            with room.opened(root) as held:
                is_behind = cut.is_behind(held, *state, op_id=journal.id)
            if is_behind:
                pull.pull(root, *state, is_forgetting=True, step=step)
                with room.opened(root), aside((root / "results", root / RAW)) as folder:
                    more, uncut = elsewhere.of_entry(root, journal.subject, journal.entry, folder)
                journal = replace(journal.with_more(more), blobs=None)
                journals.write(root, journal)
        with room.opened(root) as held:
            done.append(_with(_go_on(held, journal, state, step), uncut))
    is_cut = state is not None  # whoever forgot it has erased it there, before its word came here
    while found := leftovers.names(root):
        subject, id, _ = found[0]
        entry = next(e for e in forgotten.every(root)[subject].entries if e.id == id)
        with room.opened(root) as held, aside((root / "results", root / RAW)) as folder:
            journal, uncut = elsewhere.of_entry(root, subject, entry, folder)
            if not journal.exports:  # nothing of it is here that can go
                leftovers.looked(root, id)
                done += [_with(Done(0, None, None, Proof(0, 0, ()), is_cut), uncut)] if uncut else []
                continue
            _remember_lines(root, journal)
            journals.write(root, journal)
            done.append(_with(replace(_go_on(held, journal, None, step), is_cut_elsewhere=is_cut), uncut))
    return done


def _with(done: Done, uncut: elsewhere.Findings) -> Done:
    """With what could not go told as found."""
    return replace(done, proof=replace(done.proof, found=(*done.proof.found, *uncut)))


def _go_on(held: Room, journal: Journal, state: tuple[Backend, Keys] | None, step: Step) -> Done:
    root = held.root
    places.remember(root, journal)
    step("remembered")
    places.put_copies(root, journal)
    step("copied")
    places.redact_manifests(root, journal)
    step("manifests")
    files = 0
    for path in places.erase(root, journal):
        files += 1
        step(f"erased {path}")
    step("erased")
    receipts.redact(root, journal)
    step("receipts")
    made = None
    if state is not None:

        def remember(blobs: tuple[str, ...]) -> None:
            journals.write(root, replace(journal, blobs=blobs))

        made = cut.cut(held, *state, op_id=journal.id, before=journal.blobs, remember=remember, step=step)
        step("cut")
    lines = Lines.read(
        journal.secret, (root / LINES).read_bytes() if (root / LINES).exists() else b"", cuts.passwords(root)
    )
    seen = proof.search(root, journal, lines)
    step("searched")
    places.wipe(root / LINES)
    shutil.rmtree(root / places.STAGED, ignore_errors=True)
    leftovers.looked(root, journal.id)
    journals.end(root)
    return Done(files, made.deleted if made else None, made.seq if made else None, seen)


def _remember_lines(root: Path, journal: Journal) -> None:
    """Keyed digests of lines that shall be nowhere afterwards: those of what goes that stand in nothing that stays."""
    lines = Lines(journal.secret, passwords=cuts.passwords(root))
    folder = root / RAW / journal.subject
    for name in sorted(journal.names_of_exports):
        if (folder / name).is_file():
            with (folder / name).open("rb") as stream:
                lines.learn(stream)
    for place in sorted((root / RAW).glob("*/" + "[0-9a-f]" * 16)):
        if place.parent != folder or place.name not in journal.names_of_exports:
            with place.open("rb") as stream:
                lines.without(stream)
    for place in (root / places.STAGED).glob("*"):
        with place.open("rb") as stream:
            lines.without(stream)
    (root / LINES).parent.mkdir(parents=True, exist_ok=True)
    with store.commit(root / LINES) as staged:
        staged.write_bytes(lines.write())


def known_state(root: Path) -> bool:
    """Whether this folder belongs to a state."""
    return memory.recall(root) is not None


def rows(exports: Sequence[Export]) -> dict[str, int]:
    """Rows by measure, of all together."""
    total: dict[str, int] = {}
    for export in exports:
        for measure, n in export.rows.items():
            total[measure] = total.get(measure, 0) + n
    return total
