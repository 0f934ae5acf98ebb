"""Rule summarize. The work is in pdp.summarize and pdp.conservation."""

from pdp import conservation, jobs, layout, settings, summarize, timeframe
from pdp.summarize import summary_settings

with jobs.running(snakemake) as job:
    merged, superseded = layout.by_table(job.input["merged"]), layout.by_table(job.input["superseded"])
    exports = conservation.ExportTables.gather(
        *(job.input[stage] for stage in ("normalized", "unread", "validated", "quarantine"))
    )
    balance = conservation.balance(job.wildcards["subject"], exports, merged, superseded)
    job.write_json(job.output["conservation"], balance)
    job.counted = summarize.summarize(
        merged,
        superseded,
        settings=settings.build(summary_settings.SummarySettings, job.settings["summary"]),
        ledger=timeframe.ZoneLedger.from_config(job.settings["time_zone"]),
        out={name: job.path(job.output[name]) for name in ("daily", "nights", "agreement")},
    )
