"""Personal Data Platform: a person's exports in, one validated, merged and traceable data set out.

    ingest -> normalize -> validate -> merge -> summarize

The order of the includes is the order of the data. What a run may depend on is in config/, how it
runs is in profiles/, what the stages do is in src/pdp, one module a stage. See ARCHITECTURE.md.
"""

import sys

sys.path.insert(0, f"{workflow.basedir}/src")
from pdp import run

run.check_file("config/config.yaml")


configfile: "config/config.yaml"


PLAN = run.begin(workflow, config)


include: "workflow/rules/common.smk"
include: "workflow/rules/ingest.smk"
include: "workflow/rules/normalize.smk"
include: "workflow/rules/validate.smk"
include: "workflow/rules/merge.smk"
include: "workflow/rules/summarize.smk"
include: "workflow/rules/home_bp.smk"
include: "workflow/rules/events.smk"
include: "workflow/rules/trends.smk"
include: "workflow/rules/pyramid.smk"
include: "workflow/rules/heart_rate.smk"
include: "workflow/rules/report.smk"
include: "workflow/rules/report_pages.smk"


report: "workflow/report/workflow.rst"


# Every intermediate is named here: a failed job whose output is missing must be missed on the next run.
rule all:
    default_target: True
    input:
        every_normalized_table,
        every_validated_table,
        every_merged_table,
        every_summary,
        every_report_facts,
        every_report_page,
        lineage_page,
    message:
        "Everything is up to date"


onstart:
    PLAN.on_start()


onsuccess:
    PLAN.on_success()


onerror:
    PLAN.on_error()
