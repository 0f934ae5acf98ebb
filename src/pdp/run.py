"""What the Snakefile asks for: the configuration checked, the run alone, the keys written, the lineage attached.

Reads no network, no clock and no data. Under `--dry-run` keys are written as well (their content
is what tells which jobs would run) unless another run is at work.
"""

from __future__ import annotations

import atexit
import fcntl
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from pdp import (
    command_line,
    config_check,
    early_stop,
    file_times,
    key_files,
    keys,
    leftovers,
    no_params,
    raw_store,
    store,
)
from pdp import config as configuration
from pdp import manifest as manifest_of
from pdp.config import Config
from pdp.errors import ConfigError, PdpError, StoreError

LOCK = Path(".snakemake/pdp/run.lock")
FORGETTING = Path("resources/state/forgetting.json")  # there while `pdp forget` erases
INSTALLING = Path("resources/state/installing.json")  # there while `pdp state pull` moves files into place
SCHEMA = Path("workflow/schemas/config.schema.yaml")


@dataclass
class Plan:
    """What the rules need to know, by name; the hooks of the Snakefile."""

    config: Config
    code: keys.Code
    subjects: list[str]
    is_looking: bool = False
    is_reporting: bool = False
    present: Path = Path()  # the working folder; of a run into the past, the one that it was called in
    lost: set[Path] = field(default_factory=set)  # raw exports that count and are not here
    session: Any = None
    workflow: Any = field(default=None, repr=False)
    _lock: IO[str] | None = field(default=None, repr=False)

    def sources(self, subject: str, measure: str | None = None) -> list[str]:
        """The subject's sources in the order of the configuration (those whose format can hold `measure`)."""
        return [
            name
            for name, source in self.config.subjects[subject].sources.items()
            if measure is None or measure in self.code.measures(source.format)
        ]

    def current_exports(self, subject: str, source: str, manifest: IO[str]) -> list[str]:
        """The exports of a manifest that count now."""
        on_gone = self.config.subjects[subject].sources[source].on_gone
        found = manifest_of.current_exports(json.load(manifest), on_gone)
        self.lost |= raw_store.missing(Path("resources/raw", subject), found)
        return found

    def manifest_at_rest(self, subject: str, source: str) -> Path | None:
        """The last manifest, for a command that only looks (a report): it must not wait for a poll."""
        path = Path("results/manifests", subject, f"{source}.json")
        return path if self.is_looking and path.exists() else None

    def events_file(self, subject: str) -> list[str]:
        """The CSV of the subject's events, where the configuration names one."""
        return [str(self.present / file) for file in self.config.subjects[subject].events_file]

    def tell_lineage(self) -> None:
        """For a report: what every run did. It changes with each run, so no rule makes it."""
        if not self.is_reporting:
            return
        from pdp.report_pages import lineage

        try:
            lineage.write(Path("results"), self.subjects)
        except PdpError as error:
            sys.exit(str(error))

    @property
    def folders(self) -> list[Path]:
        """What this run alone writes to. Raw exports belong to the present."""
        return [Path("results")] if self.config.as_of else [Path("results"), Path("resources/raw")]

    def on_start(self) -> None:
        """Before the first job."""
        if self.session is not None:
            self.session.start()
            from pdp import no_rate_limit

            no_params.attach()
            no_rate_limit.attach(self.workflow)
            early_stop.attach(self.workflow, self.session.digests)

    def tell_lost(self) -> None:
        """At the end of any run, also of one with nothing to do."""
        if text := raw_store.told_missing(self.lost):
            print(text, file=sys.stderr)

    def on_success(self) -> None:
        """After the last job: fold the receipts into the registry, and say what happened."""
        if self.session is not None:
            self.session.finish("COMPLETE")
            self.tell_lineage()  # of this run, too: --report-after-run

    def on_error(self) -> None:
        """After a failed run: the same."""
        if self.session is not None:
            self.session.finish("FAIL")


def check_file(name: str) -> None:
    """Say in a sentence what is wrong with a config file as such, before Snakemake says it in a traceback."""
    path = Path(name)
    if path.is_file():
        try:
            config_check.check_file(name, path.read_bytes())
        except ConfigError as error:
            sys.exit(f"Configuration: {error}")


def begin(workflow: Any, config: Mapping[str, Any]) -> Plan:
    """Everything that happens while the Snakefile is read.

    Args:
        workflow: Snakemake's workflow object.
        config: Its merged configuration.

    Returns:
        The plan. A configuration that can't be used, or another run at work, ends the program with a sentence.
    """
    root = Path(workflow.basedir)
    _prepare_jobs(root)
    try:
        loaded = configuration.load(
            config, workflow.config_settings.overwrite_config, workflow.configfiles, root / SCHEMA
        )
    except ConfigError as error:
        sys.exit(f"Configuration: {error}")
    plan = Plan(loaded, keys.Code(root / "src"), list(loaded.subjects))
    if loaded.as_of:
        plan.present = Path.cwd()
        if workflow.is_main_process:
            _go_back(loaded)
    if not workflow.is_main_process:
        return plan
    is_dry = bool(workflow.output_settings.dryrun)
    asked = command_line.Asked(workflow, sys.argv)
    plan.is_looking, plan.is_reporting = asked.is_looking, asked.is_reporting
    try:
        asked.check(plan.subjects)
    except PdpError as error:
        sys.exit(str(error))
    plan._lock = _alone()
    if plan._lock is None:
        if not is_dry:
            sys.exit("Another run is at work in this folder. Wait for it to end, or stop it, and start again.")
        return plan
    _refuse_unfinished(plan.present)
    try:
        file_times.bring_into_past(*plan.folders)  # before the first key file is written
    except StoreError as error:
        sys.exit(str(error))
    for path, text in key_files.every(loaded, plan.code, root).items():
        keys.write_if_changed(path, text)
    plan.code.save()
    if not is_dry:
        store.sweep(*plan.folders)
        from pdp.lineage import events

        configured = {subject: list(person.sources) for subject, person in loaded.subjects.items()}
        results = Path("results").absolute() if loaded.as_of else Path("results")
        plan.workflow = workflow
        atexit.register(plan.tell_lost)  # registered before the session's, so called after it
        name_lineage_server(loaded)
        plan.session = events.attach(workflow, results, subjects=configured)
        plan.tell_lineage()
    return plan


def _refuse_unfinished(present: Path) -> None:
    """No run on a folder in the middle of a pull, a push or an erasure."""
    if (present / INSTALLING).exists():
        sys.exit(
            "A pull or push of the state was cut short in this folder, so its files are partly of one run and partly "
            "of another. Finish it first: pdp state pull"
        )
    if (present / FORGETTING).exists():
        sys.exit("An erasure was cut short in this folder. Finish it first: pdp forget --finish")
    try:
        still_here = leftovers.names(present)
    except PdpError as error:
        sys.exit(str(error))
    if still_here:
        sys.exit(
            f"What was forgotten on another machine is still here, in {len({path for *_, path in still_here}):,} "
            "place(s) of this folder. Erase it here as well: pdp forget --finish"
        )


def name_lineage_server(config: Config) -> None:
    """What the configuration says of a lineage server and of the code's repository, where the environment does not."""
    told = config.openlineage
    if told.repository:
        os.environ.setdefault("OPENLINEAGE_REPOSITORY", told.repository)
    if told.url and not os.environ.get("OPENLINEAGE_URL"):
        key = os.environ.get(told.api_key_from, "") if told.api_key_from else ""
        os.environ |= {
            "OPENLINEAGE_URL": told.url,
            "OPENLINEAGE_NAMESPACE": told.namespace,
            "OPENLINEAGE_API_KEY": key,
        }


def _go_back(config: Config) -> None:
    """Into the folder of the day that is asked for; none is made for one that is none, or has not come."""
    from pdp import past

    try:
        place = past.folder(config.as_of)
        for subject, person in config.subjects.items():
            moment = past.until(config.as_of, person.time_zone, store.now())
            for source in past.left_out(Path("resources/raw", subject), person.sources, moment):
                what = f"{subject}/{source} was known then and is not in the configuration now, so it is left out."
                print(f"as_of: {what}", file=sys.stderr)
        past.enter(place)
    except (ConfigError, StoreError) as error:
        sys.exit(f"Configuration: {error}")


# Jobs fill and drop large arrays block after block. Given back to the system each time, their pages cost a
# third of the CPU time of a dense job; glibc and pyarrow are told to keep them (other systems ignore this).
KEEP_PAGES = {
    "ARROW_DEFAULT_MEMORY_POOL": "system",
    "MALLOC_ARENA_MAX": "2",
    "MALLOC_MMAP_THRESHOLD_": str(1 << 30),
    "MALLOC_TRIM_THRESHOLD_": str(1 << 30),
}


def _prepare_jobs(root: Path) -> None:
    """What jobs inherit. They find this package also in an environment that it is not installed in (conda)."""
    known = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    if str(root / "src") not in known:
        os.environ["PYTHONPATH"] = os.pathsep.join([str(root / "src"), *filter(None, known)])
    for name, value in KEEP_PAGES.items():
        os.environ.setdefault(name, value)


def _alone() -> IO[str] | None:
    """The lock of this folder, or None if another run holds it. It dies with the process, so none is ever stale."""
    LOCK.parent.mkdir(parents=True, exist_ok=True)
    lock = LOCK.open("a")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        return None
    return lock
