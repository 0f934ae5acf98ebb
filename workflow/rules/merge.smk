"""One row per real event from all exports and devices; every row not chosen is kept, with the winner and the reason.

REQUIRED INPUTS   results/validated/{subject}/{source}/{export}/{measure}.parquet of every export that can hold the measure
OUTPUTS           results/merged/{subject}/{measure}.parquet       (pdp.schemas.validated)
                  results/superseded/{subject}/{measure}.parquet   (pdp.schemas.superseded)
CONFIG            subjects.<subject>.{time_zone, priority}, merge
"""


rule merge:
    input:
        tables=validated_tables,
        key="results/keys/merge/{subject}/{measure}.json",
    output:
        merged="results/merged/{subject}/{measure}.parquet",
        superseded="results/superseded/{subject}/{measure}.parquet",
    log:
        "logs/merge/{subject}/{measure}.log",
    benchmark:
        "results/benchmarks/merge/{subject}/{measure}.tsv"
    conda:
        "../../envs/pdp.yaml"
    message:
        "Merge {wildcards.measure} of {wildcards.subject}"
    script:
        "../../scripts/merge.py"
