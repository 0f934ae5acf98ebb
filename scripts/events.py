"""Rule events. The work is in pdp.events."""

from pdp import described, events, jobs

with jobs.running(snakemake) as job:
    found = events.gather(job.input["written"], job.settings["events"])
    job.counted = {"events": described.write(job.path(job.output["events"]), found)}
