"""Rule merge. The work is in pdp.merge."""

from pathlib import Path

from pdp import jobs, layout, merge, schemas, settings, timeframe

with jobs.running(snakemake) as job:
    measure = job.wildcards["measure"]
    merge.merge(
        measure,
        [merge.MergeInput(Path(path), *layout.origin(path)) for path in job.input["tables"]],
        settings=settings.build(merge.MergeSettings, job.settings["merge"]),
        ledger=timeframe.ZoneLedger.from_config(job.settings["time_zone"]),
        merged=job.writer(job.output["merged"], schemas.validated(measure)),
        superseded=job.writer(job.output["superseded"], schemas.superseded(measure)),
    )
