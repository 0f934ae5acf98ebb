"""Heart rate by the local hour of each day, and how often which rate was measured asleep and awake.

REQUIRED INPUTS   results/merged/{subject}/{heart_rate,sleep_episode,sleep_stage}.parquet
OUTPUTS           results/summary/{subject}/heart_rate_{hours,counts}.parquet
CONFIG            subjects.<subject>.time_zone, summary
"""


rule heart_rate:
    input:
        merged=once_polled(
            "results/merged/{subject}/heart_rate.parquet",
            "results/merged/{subject}/sleep_episode.parquet",
            "results/merged/{subject}/sleep_stage.parquet",
        ),
        key="results/keys/heart_rate/{subject}.json",
    output:
        heart_rate_hours="results/summary/{subject}/heart_rate_hours.parquet",
        heart_rate_counts="results/summary/{subject}/heart_rate_counts.parquet",
    log:
        "logs/heart_rate/{subject}.log",
    benchmark:
        "results/benchmarks/heart_rate/{subject}.tsv"
    conda:
        "../../envs/pdp.yaml"
    message:
        "Heart rate by the hour of {wildcards.subject}"
    script:
        "../../scripts/heart_rate.py"
