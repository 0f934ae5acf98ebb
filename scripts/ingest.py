"""Rule ingest. The work is in pdp.ingest."""

from pdp import arrivals, ingest, jobs, settings, store, transports

with jobs.running(snakemake) as job:
    transport = transports.load(job.settings["transport"])
    raw = arrivals.raw_store(job.settings, **job.wildcards)
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
