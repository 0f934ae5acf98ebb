"""Days, nights, agreement of devices, and the proof that no row was lost.

REQUIRED INPUTS   results/{merged,superseded}/{subject}/{measure}.parquet
                  results/{normalized,validated,quarantine}/{subject}/...   (counted for the proof)
OUTPUTS           results/summary/{subject}/{daily,nights,agreement}.parquet, conservation.json
CONFIG            subjects.<subject>.time_zone, summary
"""


rule summarize:
    input:
        merged=expand("results/merged/{{subject}}/{measure}.parquet", measure=MEASURES),
        superseded=expand(
            "results/superseded/{{subject}}/{measure}.parquet", measure=MEASURES
        ),
        normalized=of_subject(
            "results/normalized/{subject}/{source}/{export}/{measure}.parquet"
        ),
        unread=of_subject(
            "results/normalized/{subject}/{source}/{export}/unread.parquet"
        ),
        validated=of_subject(
            "results/validated/{subject}/{source}/{export}/{measure}.parquet"
        ),
        quarantine=of_subject("results/quarantine/{subject}/{source}/{export}.parquet"),
        key="results/keys/summarize/{subject}.json",
    output:
        daily="results/summary/{subject}/daily.parquet",
        nights="results/summary/{subject}/nights.parquet",
        agreement="results/summary/{subject}/agreement.parquet",
        conservation="results/summary/{subject}/conservation.json",
    log:
        "logs/summarize/{subject}.log",
    benchmark:
        "results/benchmarks/summarize/{subject}.tsv"
    conda:
        "../../envs/pdp.yaml"
    message:
        "Summarize {wildcards.subject}"
    script:
        "../../scripts/summarize.py"
