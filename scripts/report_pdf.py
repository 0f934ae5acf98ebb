"""Rule report_pdf. The work is in pdp.report."""

from pathlib import Path

from pdp import jobs, store
from pdp.report import document, model, sheet

with jobs.running(snakemake) as job:
    facts = Path(job.input["facts"])
    marks = sheet.Marks(store.sha256(facts), store.sha256(job.key_path))
    job.path(job.output["pdf"]).write_bytes(document.print_pdf(model.parse(facts.read_bytes()), marks))
