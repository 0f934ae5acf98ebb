"""Rule heart_rate. The work is in pdp.heart_rate."""

from pdp import heart_rate, jobs, layout, settings, timeframe
from pdp.summarize import summary_settings

with jobs.running(snakemake) as job:
    job.counted = heart_rate.build(
        layout.by_table(job.input["merged"]),
        settings=settings.build(summary_settings.SummarySettings, job.settings["summary"]),
        ledger=timeframe.ZoneLedger.from_config(job.settings["time_zone"]),
        out={name: job.path(path) for name, path in job.output.items()},
    )
