"""Rule pyramid. The work is in pdp.pyramid."""

from pathlib import Path

from pdp import jobs, layout, pyramid

with jobs.running(snakemake) as job:
    places = layout.by_table(job.output["levels"])
    job.counted = pyramid.build(Path(job.input["merged"]), {name: job.path(place) for name, place in places.items()})
