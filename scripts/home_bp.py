"""Rule home_bp. The work is in pdp.home_bp."""

from pathlib import Path

from pdp import home_bp, jobs, settings
from pdp.home_bp import home_bp_settings, records
from pdp.summarize import summary_settings

with jobs.running(snakemake) as job:
    merged = Path(job.input["readings"])
    out = {name: job.path(path) for name, path in job.output.items()}
    single = out.pop("bp_readings")
    counted = home_bp.summarize(
        merged,
        settings=settings.build(home_bp_settings.HomeBpSettings, job.settings["home_bp"]),
        summary=settings.build(summary_settings.SummarySettings, job.settings["summary"]),
        out=out,
    )
    refused = [Path(path) for path in job.input["quarantine"]]
    job.counted = counted | records.write(merged, Path(job.input["superseded"]), refused, single)
