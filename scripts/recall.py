"""Rule ingest of a run into the past: what was known then. The work is in pdp.past."""

from pathlib import Path

from pdp import jobs, past
from pdp.raw_store import RawStore

with jobs.running(snakemake) as job:
    raw = RawStore(Path("resources/raw", job.wildcards["subject"]))
    remembered = raw.recall(job.wildcards["source"])
    job.write_json(job.output["manifest"], past.known_at(remembered, job.settings["until"], **job.wildcards))
