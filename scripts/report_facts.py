"""Rule report_facts. The work is in pdp.report."""

from pdp import jobs, settings, tables
from pdp.home_bp import home_bp_settings
from pdp.report import model, select
from pdp.summarize import summary_settings

with jobs.running(snakemake) as job:
    facts = select.facts(
        select.Tables(**{name: tables.read(path) for name, path in job.input.items() if name != "key"}),
        settings=settings.build(home_bp_settings.HomeBpSettings, job.settings["home_bp"]),
        summary=settings.build(summary_settings.SummarySettings, job.settings["summary"]),
        name=job.settings["name"],
        born=job.settings["born"],
    )
    job.write_json(job.output["facts"], model.to_json(facts))
