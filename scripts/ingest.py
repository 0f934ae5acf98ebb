"""Rule ingest. The work is in pdp.ingest."""

from pathlib import Path

from pdp import arrivals, forgotten, ingest, jobs, settings, store, transports
from pdp.raw_store import RawStore

with jobs.running(snakemake) as job:
    transport = transports.load(job.settings["transport"])
    without = arrivals.without_forgotten(job.settings, job.wildcards["source"])
    raw = RawStore(folder := Path("resources/raw", job.wildcards["subject"]), forgotten.read(folder), without)
    polled = ingest.poll(
        transport,
        settings.build(transport.Settings, job.settings["location"]),
        raw=raw,
        now=store.now(),
        fail_if_unreachable=job.settings["on_unreachable"] == "fail",
        **job.wildcards,
    )
    raw.remember(job.wildcards["source"], polled.manifest)
    job.poll = polled.poll
    job.write_json(job.output["manifest"], polled.manifest)
