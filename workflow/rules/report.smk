"""The doctor's page: what stands on it (with every run), and the page as a PDF (when asked: it needs Pango).

REQUIRED INPUTS   results/merged/{subject}/blood_pressure.parquet
                  results/summary/{subject}/{bp_sessions,bp_windows,bp_habits,bp_months,trends,events}.parquet
OUTPUTS           results/summary/{subject}/report.json
                  results/published/{subject}/report.pdf   (snakemake --cores 1 report)
CONFIG            subjects.<subject>.{name, born}, home_bp, summary.{morning,evening}
"""


rule report_facts:
    input:
        readings=once_polled("results/merged/{subject}/blood_pressure.parquet"),
        bp_sessions=once_polled("results/summary/{subject}/bp_sessions.parquet"),
        bp_windows=once_polled("results/summary/{subject}/bp_windows.parquet"),
        bp_habits=once_polled("results/summary/{subject}/bp_habits.parquet"),
        bp_months=once_polled("results/summary/{subject}/bp_months.parquet"),
        trends=once_polled("results/summary/{subject}/trends.parquet"),
        events=once_polled("results/summary/{subject}/events.parquet"),
        key="results/keys/report_facts/{subject}.json",
    output:
        facts="results/summary/{subject}/report.json",
    log:
        "logs/report_facts/{subject}.log",
    benchmark:
        "results/benchmarks/report_facts/{subject}.tsv"
    conda:
        "../../envs/pdp.yaml"
    message:
        "Choose what stands on the report of {wildcards.subject}"
    script:
        "../../scripts/report_facts.py"


rule report_pdf:
    input:
        facts=once_polled("results/summary/{subject}/report.json"),
        key="results/keys/report_pdf.json",
    output:
        pdf="results/published/{subject}/report.pdf",
    log:
        "logs/report_pdf/{subject}.log",
    benchmark:
        "results/benchmarks/report_pdf/{subject}.tsv"
    conda:
        "../../envs/pdp.yaml"
    message:
        "Print the report of {wildcards.subject}"
    script:
        "../../scripts/report_pdf.py"


# No part of `rule all`: a machine with Python alone lacks the library that lays out text.
rule report:
    input:
        every_report,
    message:
        "Every report is printed"
