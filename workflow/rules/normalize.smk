"""Bring one raw export into the canonical tables, one per measure.

REQUIRED INPUTS   resources/raw/{subject}/{export}
OUTPUTS           results/normalized/{subject}/{source}/{export}/{measure}.parquet   (pdp.schemas.normalized)
                  results/normalized/{subject}/{source}/{export}/unread.parquet      (pdp.schemas.UNREAD)
CONFIG            subjects.<subject>.{time_zone, sources.<source>.{format, settings, device, passwords_from, on_unreadable}}
"""


rule normalize:
    input:
        export=ancient("resources/raw/{subject}/{export}"),
        key="results/keys/normalize/{subject}/{source}.json",
    output:
        tables=expand(
            "results/normalized/{{subject}}/{{source}}/{{export}}/{measure}.parquet",
            measure=MEASURES,
        ),
        unread="results/normalized/{subject}/{source}/{export}/unread.parquet",
    log:
        "logs/normalize/{subject}/{source}/{export}.log",
    benchmark:
        "results/benchmarks/normalize/{subject}/{source}/{export}.tsv"
    conda:
        "../../envs/pdp.yaml"
    message:
        "Normalize {wildcards.source} export {wildcards.export}"
    script:
        "../../scripts/normalize.py"
