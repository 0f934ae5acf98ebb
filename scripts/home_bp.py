"""Rule home_bp. The work is in pdp.home_bp."""

from pathlib import Path

from pdp import home_bp, settings, store
from pdp.home_bp import home_bp_settings
from pdp.summarize import summary_settings

with store.job(snakemake) as job:
    job.counted = home_bp.summarize(
        Path(job.input["readings"]),
        settings=settings.build(home_bp_settings.HomeBpSettings, job.settings["home_bp"]),
        summary=settings.build(summary_settings.SummarySettings, job.settings["summary"]),
        out={name: job.path(path) for name, path in job.output.items()},
    )
