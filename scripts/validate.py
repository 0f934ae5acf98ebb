"""Rule validate. The work is in pdp.validate."""

from pdp import jobs, layout, limits, manifest, schemas, store, validate

with jobs.running(snakemake) as job:
    validate.validate(
        layout.by_table(job.input["tables"]),
        writers=job.writers(job.output["tables"], schemas.validated),
        quarantine=job.writer(job.output["quarantine"], schemas.QUARANTINE),
        limits=limits.Limits.from_config(job.settings["limits"]),
        arrived_ms=manifest.arrived_ms(store.read_json(job.input["manifest"]), job.wildcards["export"]),
    )
