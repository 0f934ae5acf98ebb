"""Look at a source and take new bytes in. Forced on every run by the default profile.

REQUIRED INPUTS   the source, through its transport
OUTPUTS           results/manifests/{subject}/{source}.json, and what is new in resources/raw/{subject}/{export}
CONFIG            subjects.<subject>.sources.<source>.{transport, location, on_unreachable}

A checkpoint, because only the manifest tells which exports there are; with it, nothing new means
that nothing after it runs, in the same invocation. Its key holds no code digest and is ancient:
editing a parser must never fetch again.

With --config as_of=... the source is not asked: what was known then is taken from the memory of it.
"""


checkpoint ingest:
    input:
        key=ancient("results/keys/ingest/{subject}/{source}.json"),
    output:
        manifest=update("results/manifests/{subject}/{source}.json"),
    log:
        "logs/ingest/{subject}/{source}.log",
    conda:
        "../../envs/pdp.yaml"
    message:
        "Look at {wildcards.source} of {wildcards.subject}"
    script:
        "../../scripts/recall.py" if PLAN.config.as_of else "../../scripts/ingest.py"
