"""The registry as OpenLineage run events: one run of the workflow, and in it one run per job.

Events come in the order in which things were taken in. Ids are made from ours, so telling the same run
twice tells of one run. Imported only where events are asked for: it loads OpenLineage's client.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from openlineage.client import facet_v2 as facets
from openlineage.client.event_v2 import Job as JobName
from openlineage.client.event_v2 import Run as RunName
from openlineage.client.event_v2 import RunEvent, RunState
from openlineage.client.generated.base import JobFacet, RunFacet
from openlineage.client.serde import Serde
from sqlalchemy.orm import Session

from pdp.interchange import openlineage_facets, registry_stream
from pdp.interchange.code_location import Location, here
from pdp.interchange.names import Names, stable_id
from pdp.interchange.openlineage_facets import Datasets
from pdp.interchange.registry_stream import Job, RunTold
from pdp.lineage.model import Run

NAMESPACE = "pdp"
WORKFLOW = "workflow"  # the job whose runs are runs of the whole; a rule's job has the rule's name
_ENDS = {"COMPLETE": RunState.COMPLETE, "FAIL": RunState.FAIL, "ABORT": RunState.ABORT}


class Teller:
    """Tells runs as events.

    Args:
        root: The results folder.
        names: How subjects and sources are told.
        namespace: Of jobs and datasets.
        location: Where the code is; by default what the environment tells of it.
    """

    def __init__(self, root: Path, names: Names, namespace: str = NAMESPACE, location: Location | None = None) -> None:
        openlineage_facets.say_who()
        self._location = location or here(is_discreet=names.is_discreet)
        self._names, self._namespace = names, namespace
        self._datasets = Datasets(namespace, root, names)

    def events(self, session: Session, runs: list[str]) -> Iterator[RunEvent]:
        """The events of runs, one run in memory at a time."""
        for told in registry_stream.each(session, runs):
            yield from self._of_run(told)

    def outside_runs(self, session: Session) -> Iterator[RunEvent]:
        """The events of jobs that no run on record started."""
        for job in registry_stream.outside_runs(session):
            yield from self._of_job(job)

    def _of_run(self, told: RunTold) -> Iterator[RunEvent]:
        run = told.run
        started = run.started or run.ended
        if not started:
            return  # a record that was torn before its first line: nothing is known of it
        about: dict[str, JobFacet] = {"jobType": openlineage_facets.job_type("WORKFLOW")}
        if place := self._location.of_workflow(told.jobs):
            about["sourceCodeLocation"] = place
        name = JobName(self._namespace, WORKFLOW, facets=about)
        yield self._workflow(run, name, RunState.START, started)
        for job in told.jobs:
            yield from self._of_job(job)
        if run.status in _ENDS:
            yield self._workflow(run, name, _ENDS[run.status], run.ended or started)

    def _workflow(self, run: Run, name: JobName, state: RunState, at: str) -> RunEvent:
        about: dict[str, RunFacet] = {}
        if run.started:
            about["nominalTime"] = facets.nominal_time_run.NominalTimeRunFacet(
                nominalStartTime=run.started, nominalEndTime=run.ended or None
            )
        if state is RunState.FAIL:
            # Another program's words, which may quote anything: what kind of fault it was is enough
            about["errorMessage"] = openlineage_facets.error(run.error.partition(":")[0], "", self._names)
        return RunEvent(eventType=state, eventTime=at, run=RunName(_run_id(run.id), facets=about), job=name)

    def _of_job(self, job: Job) -> Iterator[RunEvent]:
        yield self._job(job, RunState.START, job.started)
        if job.status in _ENDS:
            yield self._job(job, _ENDS[job.status], job.ended)

    def _job(self, job: Job, state: RunState, at: str) -> RunEvent:
        read = [self._datasets.read(job, file, is_over=state is not RunState.START) for file in job.inputs]
        written = [] if state is RunState.START else [self._datasets.written(job, file) for file in job.outputs]
        about = openlineage_facets.of_execution(job, self._names)
        if state is not RunState.FAIL:
            about.pop("errorMessage", None)
        if job.run is not None:
            about["parent"] = facets.parent_run.ParentRunFacet(
                run=facets.parent_run.Run(_run_id(job.run)), job=facets.parent_run.Job(self._namespace, WORKFLOW)
            )
        known = openlineage_facets.of_job(job.rule, job.code)
        if place := self._location.of_rule(job.code):
            known["sourceCodeLocation"] = place
        name = JobName(self._namespace, job.rule or "unknown", facets=known)
        execution = RunName(stable_id("job", job.id), facets=about)
        return RunEvent(eventType=state, eventTime=at, run=execution, job=name, inputs=read, outputs=written)


def _run_id(run: str) -> str:
    return stable_id("run", run)


def line(event: RunEvent) -> str:
    """An event as one line of JSON, as OpenLineage's own client writes it."""
    return Serde.to_json(event)
