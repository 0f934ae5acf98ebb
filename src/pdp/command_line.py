"""What Snakemake's command line asks for, where the answer here is another than Snakemake's own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from pdp.errors import ConfigError

# What only looks at the graph. The poll that every run forces would hide all that lies behind it.
LOOKS = {
    *("--report", "--summary", "--detailed-summary", "--list-changes", "--delete-all-output"),
    *("--dag", "--rulegraph", "--filegraph", "--d3dag"),
}
# Rules that stand in the graph before any export is known: --until finds these.
ALWAYS = {"ingest", "events", "report", "all"}


class Asked:
    """The options of one call."""

    def __init__(self, workflow: Any, arguments: Sequence[str]) -> None:
        """Take Snakemake's workflow object, before its graph is built, and the words of the call."""
        self._until = _following(("--until", "-U"), arguments)
        words = {argument.partition("=")[0] for argument in arguments}
        self._workflow, self._words = workflow, words
        self._is_dry = bool(workflow.output_settings.dryrun)
        self.is_looking = bool(LOOKS & words) and "--report-after-run" not in words
        self.is_reporting = "--report" in words and not self._is_dry

    def check(self, subjects: Iterable[str]) -> None:
        """Refuse what would go wrong without a word, or with one that helps nobody.

        Raises:
            ConfigError: Says what, why, and what to do instead.
        """
        if self._words & {"--touch", "-t"}:
            raise ConfigError(
                "would date results as if the code and the settings of now had made them, and no run would mend that.",
                where="--touch",
                hint="It is never needed here: a job runs when the content of what it depends on has changed.",
            )
        if not ALWAYS.issuperset(self._until):
            raise ConfigError(
                "finds only what stands in the graph before the sources have been looked at, and would make nothing.",
                where="--until",
                hint="Name what comes next instead: --omit-from merge stops after validate, --omit-from summarize "
                "after merge.",
            )
        if self._workflow.resource_settings.cores == 0 and not self._is_dry:
            raise ConfigError("no job can ever start.", where="--cores 0", hint="Give at least one: --cores 1")
        for subject in subjects if self.is_reporting else ():
            if not any(Path("results/summary", subject, "pages").glob("*.html")):
                raise ConfigError(
                    f"there is nothing to report of {subject} yet: no run has come as far as the report's pages.",
                    where="--report",
                    hint="Run first: snakemake --cores 4. What hindered a run: pdp runs",
                )


def _following(options: Iterable[str], arguments: Sequence[str]) -> list[str]:
    """The words that stand after one of the options, up to the next option."""
    found, is_meant = [], False
    for argument in arguments:
        if argument.startswith("-"):
            name, _, first = argument.partition("=")
            is_meant = name in options
            argument = first
        if is_meant and argument:
            found.append(argument)
    return found
