"""Keep what is possible, flag what is unlikely, set aside what can't be, with the reason.

REQUIRED INPUTS   results/normalized/{subject}/{source}/{export}/{measure}.parquet
                  results/manifests/{subject}/{source}.json   (when the export arrived: nothing is measured later)
OUTPUTS           results/validated/{subject}/{source}/{export}/{measure}.parquet    (pdp.schemas.validated)
                  results/quarantine/{subject}/{source}/{export}.parquet             (pdp.schemas.QUARANTINE)
CONFIG            limits
"""


rule validate:
    input:
        tables=expand(
            "results/normalized/{{subject}}/{{source}}/{{export}}/{measure}.parquet",
            measure=MEASURES,
        ),
        manifest=ancient("results/manifests/{subject}/{source}.json"),
        key="results/keys/validate.json",
    output:
        tables=expand(
            "results/validated/{{subject}}/{{source}}/{{export}}/{measure}.parquet",
            measure=MEASURES,
        ),
        quarantine="results/quarantine/{subject}/{source}/{export}.parquet",
    log:
        "logs/validate/{subject}/{source}/{export}.log",
    benchmark:
        "results/benchmarks/validate/{subject}/{source}/{export}.tsv"
    conda:
        "../../envs/pdp.yaml"
    message:
        "Validate {wildcards.source} export {wildcards.export}"
    script:
        "../../scripts/validate.py"
