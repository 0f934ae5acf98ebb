"""What the days say together: trends, what is usual, regularity of sleep, associations, before and after an event.

REQUIRED INPUTS   results/summary/{subject}/{daily,events}.parquet
                  results/merged/{subject}/{sleep_episode,sleep_stage}.parquet
OUTPUTS           results/summary/{subject}/{trends,regularity,associations,event_effects,sleep_segments,clock}.parquet
CONFIG            subjects.<subject>.time_zone, summary
"""


rule trends:
    input:
        daily=once_polled("results/summary/{subject}/daily.parquet"),
        events="results/summary/{subject}/events.parquet",
        merged=expand(
            "results/merged/{{subject}}/{measure}.parquet",
            measure=("sleep_episode", "sleep_stage"),
        ),
        key="results/keys/trends/{subject}.json",
    output:
        trends="results/summary/{subject}/trends.parquet",
        regularity="results/summary/{subject}/regularity.parquet",
        associations="results/summary/{subject}/associations.parquet",
        event_effects="results/summary/{subject}/event_effects.parquet",
        sleep_segments="results/summary/{subject}/sleep_segments.parquet",
        clock="results/summary/{subject}/clock.parquet",
    log:
        "logs/trends/{subject}.log",
    benchmark:
        "results/benchmarks/trends/{subject}.tsv"
    conda:
        "../../envs/pdp.yaml"
    message:
        "Trends of {wildcards.subject}"
    script:
        "../../scripts/trends.py"
