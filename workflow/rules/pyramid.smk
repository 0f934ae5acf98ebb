"""Heart rate at every zoom: n, lowest, quartiles and highest of each minute, quarter of an hour, ... week.

REQUIRED INPUTS   results/merged/{subject}/heart_rate.parquet
OUTPUTS           results/summary/{subject}/heart_rate_{1min,15min,1h,6h,1day,7day}.parquet
"""


rule pyramid:
    input:
        merged=once_polled("results/merged/{subject}/heart_rate.parquet"),
        key="results/keys/pyramid/{subject}.json",
    output:
        levels=expand(
            "results/summary/{{subject}}/heart_rate_{level}.parquet",
            level=PYRAMID,
        ),
    log:
        "logs/pyramid/{subject}.log",
    benchmark:
        "results/benchmarks/pyramid/{subject}.tsv"
    conda:
        "../../envs/pdp.yaml"
    message:
        "Pyramid of heart rate of {wildcards.subject}"
    script:
        "../../scripts/pyramid.py"
