"""Rule normalize. The work is in pdp.normalize."""

from pathlib import Path

from pdp import formats, jobs, normalize, schemas, secrets, settings, timeframe

with jobs.running(snakemake) as job:
    chosen = formats.load(job.settings["format"])
    normalize.normalize_file(
        Path(job.input["export"]),
        chosen,
        settings.build(chosen.Settings, job.settings["settings"]),
        passwords=secrets.passwords(job.settings["passwords_from"]),
        source=job.wildcards["source"],
        ledger=timeframe.ZoneLedger.from_config(job.settings["time_zone"]),
        writers=lambda: job.writers([*job.output["tables"], job.output["unread"]], schemas.of_normalize),
        device=job.settings["device"],
        on_unreadable=job.settings["on_unreadable"],
        forgotten_days=job.settings.get("forgotten_days", ()),
    )
