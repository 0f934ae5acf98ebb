"""Names and input functions that more than one stage needs."""

from pdp.vocabulary import MEASURES

HOME_BP = (
    "bp_readings",
    "bp_sessions",
    "bp_windows",
    "bp_habits",
    "bp_profile",
    "bp_days",
    "bp_months",
)
TRENDS = (
    "trends",
    "regularity",
    "associations",
    "event_effects",
    "sleep_segments",
    "clock",
)
PYRAMID = ("1min", "15min", "1h", "6h", "1day", "7day")
SUMMARIES = (
    *("daily", "nights", "agreement", "events", *HOME_BP, *TRENDS),
    *(f"heart_rate_{level}" for level in (*PYRAMID, "hours", "counts")),
)

REPORT_PAGES = ("home_bp", "trends", "days", "nights", "devices", "quality")
# Marked here and not in a rule, so the caption's place is told as Snakemake would find it.
LINEAGE = report(
    "results/lineage.html",
    caption=workflow.current_basedir.join("../report/lineage.rst"),
    category="Lineage",
    labels={"subject": "all", "page": "lineage, run by run"},
)


wildcard_constraints:
    subject="|".join(PLAN.subjects),
    source=r"[a-z0-9][a-z0-9_-]*",
    export=r"[0-9a-f]{16}",
    measure="|".join(MEASURES),


def exports(subject, source):
    """The exports of a source that count now, from its manifest: known once ingest has run."""
    manifest = PLAN.manifest_at_rest(subject, source)
    if manifest is None:
        manifest = checkpoints.ingest.get(
            subject=subject, source=source
        ).output.manifest
    with manifest.open() as text:
        return PLAN.current_exports(subject, source, text)


def per_export(pattern, subjects=PLAN.subjects, measure=None):
    """`pattern` filled for every export of the subjects (of the sources that can hold `measure`)."""
    return [
        path
        for subject in subjects
        for source in PLAN.sources(subject, measure)
        for export in exports(subject, source)
        for path in expand(
            pattern,
            subject=subject,
            source=source,
            export=export,
            measure=measure or MEASURES,
        )
    ]


def every_normalized_table(wildcards):
    return per_export(
        "results/normalized/{subject}/{source}/{export}/{measure}.parquet"
    ) + per_export("results/normalized/{subject}/{source}/{export}/unread.parquet")


def every_validated_table(wildcards):
    return per_export(
        "results/validated/{subject}/{source}/{export}/{measure}.parquet"
    ) + per_export("results/quarantine/{subject}/{source}/{export}.parquet")


def every_merged_table(wildcards):
    return expand(
        "results/{stage}/{subject}/{measure}.parquet",
        stage=("merged", "superseded"),
        subject=PLAN.subjects,
        measure=MEASURES,
    )


def every_report_facts(wildcards):
    return expand("results/summary/{subject}/report.json", subject=PLAN.subjects)


def every_report_page(wildcards):
    return expand(
        "results/summary/{subject}/pages/{page}.html",
        subject=PLAN.subjects,
        page=REPORT_PAGES,
    )


def lineage_page(wildcards):
    """What every run did: there when a report is asked for (PLAN.tell_lineage), and of no concern to a run."""
    return LINEAGE if PLAN.is_reporting else []


def every_report(wildcards):
    return expand("results/published/{subject}/report.pdf", subject=PLAN.subjects)


def every_summary(wildcards):
    return expand(
        "results/summary/{subject}/{summary}.parquet",
        subject=PLAN.subjects,
        summary=SUMMARIES,
    ) + expand("results/summary/{subject}/conservation.json", subject=PLAN.subjects)


def events_file(wildcards):
    return PLAN.events_file(wildcards.subject)


def validated_tables(wildcards):
    return per_export(
        "results/validated/{subject}/{source}/{export}/{measure}.parquet",
        subjects=[wildcards.subject],
        measure=wildcards.measure,
    )


def of_subject(pattern, measure=None):
    """An input function: the pattern for every export of the wildcard's subject (that can hold `measure`)."""

    def tables(wildcards):
        return per_export(pattern, subjects=[wildcards.subject], measure=measure)

    return tables


def once_polled(*patterns):
    """An input function: paths of the wildcard's subject, settled once its sources have been looked at.

    A path that is settled before keeps "updated by another job" of a job that the poll then makes needless.
    """

    def paths(wildcards):
        for source in PLAN.sources(wildcards.subject):
            exports(wildcards.subject, source)
        found = [pattern.format(subject=wildcards.subject) for pattern in patterns]
        return found[0] if len(found) == 1 else found

    return paths
