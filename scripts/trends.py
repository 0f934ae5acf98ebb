"""Rule trends. The work is in pdp.trends."""

from pathlib import Path

from pdp import jobs, layout, settings, timeframe, trends
from pdp.summarize import summary_settings

with jobs.running(snakemake) as job:
    job.counted = trends.write(
        Path(job.input["daily"]),
        Path(job.input["events"]),
        layout.by_table(job.input["merged"]),
        settings=settings.build(summary_settings.SummarySettings, job.settings["summary"]),
        ledger=timeframe.ZoneLedger.from_config(job.settings["time_zone"]),
        out={name: job.path(path) for name, path in job.output.items()},
    )
