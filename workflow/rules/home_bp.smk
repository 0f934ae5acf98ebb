"""Home blood pressure: single readings and their fate, sittings, protocol windows with a verdict, habits, profile of the day, months.

REQUIRED INPUTS   results/{merged,superseded}/{subject}/blood_pressure.parquet
                  results/quarantine/{subject}/{source}/{export}.parquet
OUTPUTS           results/summary/{subject}/bp_{readings,sessions,windows,habits,profile,days,months}.parquet
CONFIG            home_bp, summary.{morning,evening}
"""


rule home_bp:
    input:
        readings=once_polled("results/merged/{subject}/blood_pressure.parquet"),
        superseded=once_polled("results/superseded/{subject}/blood_pressure.parquet"),
        quarantine=of_subject(
            "results/quarantine/{subject}/{source}/{export}.parquet",
            measure="blood_pressure",
        ),
        key="results/keys/home_bp/{subject}.json",
    output:
        bp_readings="results/summary/{subject}/bp_readings.parquet",
        bp_sessions="results/summary/{subject}/bp_sessions.parquet",
        bp_windows="results/summary/{subject}/bp_windows.parquet",
        bp_habits="results/summary/{subject}/bp_habits.parquet",
        bp_profile="results/summary/{subject}/bp_profile.parquet",
        bp_days="results/summary/{subject}/bp_days.parquet",
        bp_months="results/summary/{subject}/bp_months.parquet",
    log:
        "logs/home_bp/{subject}.log",
    benchmark:
        "results/benchmarks/home_bp/{subject}.tsv"
    conda:
        "../../envs/pdp.yaml"
    message:
        "Home blood pressure of {wildcards.subject}"
    script:
        "../../scripts/home_bp.py"
