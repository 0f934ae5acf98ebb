"""Rule report_pages. The work is in pdp.report_pages."""

from pathlib import Path

from pdp import jobs, report_pages, store

with jobs.running(snakemake) as job:
    report_pages.write(
        {name: job.path(job.output[name]) for name in report_pages.PAGES},
        {name: Path(job.input[name]) for name in report_pages.TABLES},
        Path(job.input["facts"]).read_bytes(),
        store.read_json(job.input["conservation"]),
        quarantine=[Path(path) for path in job.input["quarantine"]],
        unread=[Path(path) for path in job.input["unread"]],
    )
