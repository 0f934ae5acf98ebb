"""What the owner says happened: medicines, illnesses, journeys.

REQUIRED INPUTS   the CSV that subjects.<subject>.events names; nothing where the events stand in the configuration
OUTPUTS           results/summary/{subject}/events.parquet   (without the key: no rows)
CONFIG            subjects.<subject>.events
"""


rule events:
    input:
        written=events_file,
        key="results/keys/events/{subject}.json",
    output:
        events="results/summary/{subject}/events.parquet",
    log:
        "logs/events/{subject}.log",
    benchmark:
        "results/benchmarks/events/{subject}.tsv"
    conda:
        "../../envs/pdp.yaml"
    message:
        "Events of {wildcards.subject}"
    script:
        "../../scripts/events.py"
