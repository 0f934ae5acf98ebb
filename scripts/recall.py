"""Rule ingest of a run into the past: what was known then. The work is in pdp.past."""

from pathlib import Path

from pdp import past, store

with store.job(snakemake) as job:
    raw = store.RawStore(Path("resources/raw", job.wildcards["subject"]))
    remembered = raw.recall(job.wildcards["source"])
    job.write_json(job.output["manifest"], past.known_at(remembered, job.settings["until"], **job.wildcards))
