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
        daily=report(
            "results/summary/{subject}/daily.parquet",
            caption="../report/daily.rst",
            category="Summary",
            labels={"subject": "{subject}", "table": "daily"},
        ),
        nights=report(
            "results/summary/{subject}/nights.parquet",
            caption="../report/nights.rst",
            category="Summary",
            labels={"subject": "{subject}", "table": "nights"},
        ),
        agreement=report(
            "results/summary/{subject}/agreement.parquet",
            caption="../report/agreement.rst",
            category="Summary",
            labels={"subject": "{subject}", "table": "agreement of devices"},
        ),
        conservation=report(
            "results/summary/{subject}/conservation.json",
            caption="../report/conservation.rst",
            category="Quality",
            labels={"subject": "{subject}", "table": "conservation of rows"},
        ),
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
