"""What the Snakemake report shows: tables, plots and the proof of rows as pages that need nothing beside them.

REQUIRED INPUTS   results/summary/{subject}/{daily,nights,agreement,bp_windows,trends}.parquet, report.json, conservation.json
                  results/quarantine/{subject}/..., results/normalized/{subject}/.../unread.parquet   (reasons, counted)
OUTPUTS           results/summary/{subject}/pages/{home_bp,trends,days,nights,devices,quality}.html
CONFIG            none
"""


rule report_pages:
    input:
        daily=once_polled("results/summary/{subject}/daily.parquet"),
        nights=once_polled("results/summary/{subject}/nights.parquet"),
        agreement=once_polled("results/summary/{subject}/agreement.parquet"),
        bp_windows=once_polled("results/summary/{subject}/bp_windows.parquet"),
        trends=once_polled("results/summary/{subject}/trends.parquet"),
        facts=once_polled("results/summary/{subject}/report.json"),
        conservation=once_polled("results/summary/{subject}/conservation.json"),
        quarantine=of_subject("results/quarantine/{subject}/{source}/{export}.parquet"),
        unread=of_subject(
            "results/normalized/{subject}/{source}/{export}/unread.parquet"
        ),
        key="results/keys/report_pages/{subject}.json",
    output:
        home_bp=report(
            "results/summary/{subject}/pages/home_bp.html",
            caption="../report/home_bp.rst",
            category="Results",
            labels={"subject": "{subject}", "page": "home blood pressure"},
        ),
        trends=report(
            "results/summary/{subject}/pages/trends.html",
            caption="../report/trends.rst",
            category="Results",
            labels={"subject": "{subject}", "page": "trends"},
        ),
        days=report(
            "results/summary/{subject}/pages/days.html",
            caption="../report/days.rst",
            category="Results",
            labels={"subject": "{subject}", "page": "day by day"},
        ),
        nights=report(
            "results/summary/{subject}/pages/nights.html",
            caption="../report/nights.rst",
            category="Results",
            labels={"subject": "{subject}", "page": "night by night"},
        ),
        devices=report(
            "results/summary/{subject}/pages/devices.html",
            caption="../report/devices.rst",
            category="Results",
            labels={"subject": "{subject}", "page": "agreement of devices"},
        ),
        quality=report(
            "results/summary/{subject}/pages/quality.html",
            caption="../report/quality.rst",
            category="Quality",
            labels={"subject": "{subject}", "page": "what became of every row"},
        ),
    log:
        "logs/report_pages/{subject}.log",
    benchmark:
        "results/benchmarks/report_pages/{subject}.tsv"
    conda:
        "../../envs/pdp.yaml"
    message:
        "Write the report's pages of {wildcards.subject}"
    script:
        "../../scripts/report_pages.py"
