"""Lineage for other programs: `pdp openlineage` (events), `pdp prov` (one number), `pdp crate` (a run, to publish)."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

import click

from pdp.cli.asking import registry
from pdp.discretion import VARIABLE, is_discreet
from pdp.errors import PdpError

_PRIVATE = 0o600
_RESULTS = click.option(
    "--results",
    "root",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("results"),
    help="The results folder.",
)


@click.command()
@_RESULTS
@click.option("--run", default="", help="One run, by its id (pdp runs).  [default: the last]")
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="Runs that started on this day (UTC) or later.")
@click.option("--all", "is_all", is_flag=True, help="Every run on record.")
@click.option("--discreet", is_flag=True, help="Hashes in the place of names of subjects, sources and files.")
@click.option("--namespace", default="", help="Of jobs and datasets.  [default: as configured, else pdp]")
@click.option("--send", "is_sent", is_flag=True, help="Send them to the server that is configured, instead.")
@click.option(
    "--configfile",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="Whose key `openlineage` counts, as in a run.  [default: config/config.yaml alone]",
)
def openlineage(
    root: Path,
    run: str,
    since: datetime | None,
    is_all: bool,
    discreet: bool,
    namespace: str,
    is_sent: bool,
    configfile: Path | None,
) -> None:
    """Runs as OpenLineage events, one JSON object per line.

    They hold no measured values. They do name subjects, sources and files, unless --discreet.
    Server, namespace and repository are those of a run: of the configuration, unless the environment names others.

    \b
    pdp openlineage --all > events.jsonl
    pdp openlineage --all --discreet --send --configfile config/me.yaml
    """
    from pdp.interchange import names, openlineage_send, registry_stream
    from pdp.interchange import openlineage as telling

    if bool(run) + bool(since) + is_all > 1:
        raise click.UsageError("--run, --since and --all exclude each other.")
    named_by = _name_server(root, configfile)
    if is_sent and not openlineage_send.is_wanted():
        raise click.UsageError(f"--send: {openlineage_send.why_not()}")
    with registry(root) as session:
        runs = registry_stream.run_ids(session, run=run, since=f"{since:%Y-%m-%d}" if since else "", is_all=is_all)
        told_by = names.of_registry(session, is_discreet=discreet)
        teller = telling.Teller(root, told_by, namespace or openlineage_send.namespace())
        events = teller.events(session, runs)
        if is_sent:
            progress = openlineage_send.Progress()
            try:
                openlineage_send.send(events, progress, retries=3)
            except OSError as error:  # all that requests raises
                told = openlineage_send.in_few_words(error)
                raise click.ClickException(f"{progress.sent} events sent, then: {told}.") from error
            return click.echo(f"{progress.sent} events sent to the server that {named_by} names.")
        for event in events:
            click.echo(telling.line(event))
        if is_all:
            for event in teller.outside_runs(session):
                click.echo(telling.line(event))


@click.command()
@_RESULTS
@click.argument("dataset")
@click.option("--figure", required=True, help="A column of the table.")
@click.option("--day", type=click.DateTime(["%Y-%m-%d"]), help="The row's local day; a night's date.")
@click.option("--key", "keys", multiple=True, metavar="COLUMN=VALUE", help="Where several rows are of that day.")
@click.option("--subject", help="Whose, where several have such a table.")
@click.option("--with-values", is_flag=True, help="Tell the number, too.")
@click.option("--json-out", "out", type=click.Path(path_type=Path, dir_okay=False), help="A file to write to.")
def prov(
    root: Path,
    dataset: str,
    figure: str,
    day: datetime | None,
    keys: tuple[str, ...],
    subject: str | None,
    with_values: bool,
    out: Path | None,
) -> None:
    """Where a figure of a summary table comes from, as W3C PROV (PROV-JSON).

    It holds hashes in the place of names, and the figure's value only --with-values.

    \b
    pdp prov daily --day 2025-10-06 --figure bp_systolic_mean_mmhg
    """
    from pdp import store
    from pdp.interchange import names
    from pdp.interchange import prov as telling
    from pdp.lineage import dataset_names, number
    from pdp.lineage.cell import Asked

    pairs = {name: value for name, has_value, value in (key.partition("=") for key in keys) if has_value}
    if len(pairs) < len(keys):
        raise click.UsageError("--key is COLUMN=VALUE, such as --key figure=bp_systolic_mean_mmhg")
    if with_values and out is None and is_discreet():
        raise click.UsageError(f"{VARIABLE} is set, so values go into a file alone: --json-out FILE.")
    with registry(root) as session:
        path = dataset_names.resolve(session, dataset, subject)
        if not path.startswith("results/summary/") or not path.endswith(".parquet"):
            raise click.UsageError(
                "pdp prov is for figures of the summary tables: pdp prov daily --day ... --figure ..."
            )
        whose = dataset_names.subject_of(path)
        asked = Asked(Path(path).stem, figure, day.date() if day else None, pairs)
        told = number.tell(session, root, whose, asked)
        if not told.row:
            raise PdpError("there is no such row.", where=dataset, hint="pdp explain shows the days that it has.")
        hashes = names.of_registry(session, is_discreet=True)
        text = telling.text(telling.document(session, hashes, whose, told, has_values=with_values))
    if out is None:
        return click.echo(text)
    with store.commit(out) as staged:
        staged.write_text(f"{text}\n", encoding="utf-8")
        staged.chmod(_PRIVATE)


@click.command()
@_RESULTS
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--run", default="", help="Of which run, by its id (pdp runs).  [default: the last]")
@click.option("--with-names", is_flag=True, help="Names of subjects, not hashes.")
def crate(root: Path, out: Path, run: str, with_names: bool) -> None:
    """A run as an RO-Crate without the data, to publish: OUT is a new folder, or a file that ends in .zip.

    In it: Snakefile, rules, scripts, the configuration's schema, digests of the code that ran; and described by digest,
    size and rows: the tables that stood when the run ended and the raw exports behind them.
    """
    from pdp.interchange import crate as building
    from pdp.interchange import crate_disk, crate_facts, names, registry_stream

    code = _workflow_folder(root)
    with registry(root) as session:
        (chosen,) = registry_stream.run_ids(session, run=run)
        facts = crate_facts.gather(session, chosen)
        if not any(action.results for action in facts.actions):
            raise PdpError("no table stood when this run ended.", where=chosen, hint="pdp runs lists the others.")
        made = building.build(facts, code, names.of_registry(session, is_discreet=not with_names))
        crate_disk.write(made, out)
    results = {file.version_id for action in facts.actions for file in action.results}
    exports = {file.version_id for action in facts.actions for file in action.objects}
    click.echo(f"{out}: {len(results)} tables and {len(exports)} raw exports described, none of them in it.")
    if changed := building.changed_scripts(facts, code):
        click.echo(f"Changed since that run, so not what ran: {', '.join(changed)}.", err=True)


def _workflow_folder(root: Path) -> Path:
    """Where the Snakefile is: beside the results, or where this program was installed from."""
    import pdp

    places = (root.absolute().parent, Path.cwd(), Path(pdp.__file__).parents[2])
    found = next((place for place in places if (place / "Snakefile").is_file()), None)
    if found is None:
        raise PdpError("there is no Snakefile here.", hint="Call pdp crate in the folder of the workflow.")
    return found


def _name_server(root: Path, configfile: Path | None) -> str:
    """Take in what the configuration says where the environment says nothing; which of them names the server.

    Raises:
        ConfigError: It can't be used, or the variable of the server's key is not set.
    """
    from pdp import run as runs
    from pdp import secrets
    from pdp.interchange import openlineage_send
    from pdp.preview import configured

    is_told = bool(os.environ.get(openlineage_send.URL, "").strip())
    if configfile is None and not (root.absolute().parent / configured.OWN).is_file():
        return openlineage_send.URL
    config = configured.load(root.absolute().parent, configfile)
    if config.openlineage.url and config.openlineage.api_key_from and not is_told:
        secrets.passwords([config.openlineage.api_key_from], "openlineage.api_key_from")
    runs.name_lineage_server(config)
    return openlineage_send.URL if is_told else f"openlineage.url in {configfile or configured.OWN}"


COMMANDS = (openlineage, prov, crate)
