"""Rule ingest. The work is in pdp.ingest."""

from pathlib import Path

from pdp import ingest, settings, store, transports

with store.job(snakemake) as job:
    transport, raw = transports.load(job.settings["transport"]), Path("resources/raw", job.wildcards["subject"])
    polled = ingest.poll(
        transport,
        settings.build(transport.Settings, job.settings["location"]),
        before=store.read_json(job.output["manifest"]),
        keep=lambda stream: store.keep(stream, raw),
        holds=lambda export, size: store.holds(raw / export, size),
        now=store.now(),
        fail_if_unreachable=job.settings["on_unreachable"] == "fail",
        **job.wildcards,
    )
    job.poll = polled.poll
    job.write_json(job.output["manifest"], polled.manifest)
