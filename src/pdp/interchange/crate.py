"""A run as a Workflow Run RO-Crate: the workflow's files, what ran, on what, with what result; and none of the data.

https://w3id.org/ro/wfrun/workflow/0.5. Tables and raw exports are described (digest, size, rows) and not contained,
so a study can publish the crate, and whoever is later given the data can hold it against the digests.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib import metadata
from io import BytesIO
from pathlib import Path
from typing import Any

from rocrate.model import ContextEntity, Entity, Preview
from rocrate.rocrate import ROCrate

from pdp import keys
from pdp.interchange import crate_preview
from pdp.interchange.crate_facts import Action, Facts
from pdp.interchange.names import Names, stable_id
from pdp.interchange.registry_stream import File

PROFILES = (
    ("https://w3id.org/ro/wfrun/process/0.5", "Process Run Crate", "0.5"),
    ("https://w3id.org/ro/wfrun/workflow/0.5", "Workflow Run Crate", "0.5"),
    ("https://w3id.org/workflowhub/workflow-ro-crate/1.0", "Workflow RO-Crate", "1.0"),
)
_CONTEXT = "https://w3id.org/ro/terms/workflow-run/context"
_TERMS = {"rowCount": "urn:pdp:crate#rowCount"}  # sha256 is the context's own word
_MIT = "https://spdx.org/licenses/MIT"
CODE_FILES = ("workflow/rules/*.smk", "scripts/*.py", "workflow/schemas/config.schema.yaml", "LICENSE")
_ENCODINGS = {
    ".py": "text/x-python",
    ".smk": "text/plain",
    ".yaml": "application/yaml",
    ".json": "application/json",
    ".parquet": "application/vnd.apache.parquet",
    ".pdf": "application/pdf",
}
_BYTES = "application/octet-stream"  # a raw export may be anything
_BIOSCHEMAS = "https://bioschemas.org/profiles/ComputationalWorkflow/1.0-RELEASE"
_README = """# A run of the Personal Data Platform

An [RO-Crate](https://w3id.org/ro/crate) of a workflow run. `ro-crate-metadata.json` says what ran, when, with which
settings and versions of libraries, on which raw exports, and which tables it made; the Snakefile, the rules and the
scripts are here, and `code.json` has a digest of every module that ran.

The data is not here. Tables and raw exports are described by SHA-256, size and rows, so that whoever is given them can
tell that they are the ones.
"""
_STATUSES = {"COMPLETE": "CompletedActionStatus", "FAIL": "FailedActionStatus", "ABORT": "FailedActionStatus"}


def build(facts: Facts, code: Path, names: Names) -> ROCrate:
    """The crate, not yet on the disk.

    Args:
        facts: Of the run.
        code: The folder of the workflow: Snakefile, workflow/, scripts/.
        names: How subjects and sources are told.
    """
    return _Builder(facts, code, names).crate


def changed_scripts(facts: Facts, code: Path) -> list[str]:
    """Scripts of the workflow that are no longer what ran, by their digests."""
    present = keys.Code(code / "src")
    recorded = {name: digest for rule in facts.code.values() for name, digest in rule.modules.items()}
    return [
        path.relative_to(code).as_posix()
        for path in sorted(code.glob("scripts/*.py"))
        if recorded.get(f"scripts/{path.name}") not in (None, present.module(path).digest)
    ]


class _Builder:
    def __init__(self, facts: Facts, code: Path, names: Names) -> None:
        self._facts, self._folder, self._names = facts, code, names
        self.crate = ROCrate(version="1.1")
        self.crate.metadata.extra_contexts.append(_CONTEXT)
        self.crate.metadata.extra_terms.update(_TERMS)
        self._things: dict[int, Entity] = {}
        self._root()
        self._workflow = self._main_workflow()
        self._exports, self._tables = (
            self._slot("raw_exports", "Exports of the person's devices and logs, as they came."),
            self._slot("tables", "Merged, superseded and summary tables."),
        )
        self._workflow["input"] = [self._exports]
        self._workflow["output"] = self._tables
        parameters = list(self._parameters())
        self.crate.add(Preview(self.crate, BytesIO(crate_preview.page(facts, names).encode())))
        self._owner = self._add("#owner", "Person", name="The owner of the data")
        self.crate.root_dataset["author"] = self._owner
        actions = [self._action(one, parameters) for one in facts.actions]
        self.crate.root_dataset["mentions"] = actions if len(actions) > 1 else actions[0]

    def _add(self, identity: str, kind: str | list[str], **properties: Any) -> Entity:
        return self.crate.add(ContextEntity(self.crate, identity, properties={"@type": kind, **properties}))

    def _root(self) -> None:
        run = self._facts.run
        root = self.crate.root_dataset
        root["datePublished"] = _time(run.ended or run.started)
        root["name"] = f"A run of the Personal Data Platform, {run.started[:10]}"
        root["description"] = (
            "Blood pressure, heart rate and sleep from a person's exports: the workflow, and what its run read and "
            "made, described by digests. The data is not in it."
        )
        root["license"] = self._add(_MIT, "CreativeWork", name="MIT License")
        root["conformsTo"] = [
            self._add(profile, "CreativeWork", name=name, version=version) for profile, name, version in PROFILES
        ]

    def _main_workflow(self) -> Entity:
        workflow = self.crate.add_workflow(self._folder / "Snakefile", "Snakefile", main=True, lang="snakemake")
        workflow["name"] = "Personal Data Platform"
        workflow["encodingFormat"] = "text/plain"
        workflow["version"] = metadata.version("pdp")
        workflow["conformsTo"] = self._add(_BIOSCHEMAS, "CreativeWork", name="ComputationalWorkflow", version="1.0")
        changed = changed_scripts(self._facts, self._folder)
        parts = []
        for path in sorted(path for pattern in CODE_FILES for path in self._folder.glob(pattern)):
            name = path.relative_to(self._folder).as_posix()
            about = {"name": name, "encodingFormat": _ENCODINGS.get(path.suffix, "text/plain")}
            if name in changed:
                about["description"] = "Changed since the run; code.json has the digest of what ran."
            parts.append(self.crate.add_file(path, name, properties=about))
        workflow["hasPart"] = [*parts, self._code_file()]
        workflow["softwareRequirements"] = list(self._software())
        about = {"encodingFormat": "text/markdown", "about": self.crate.root_dataset}
        self.crate.add_file(BytesIO(_README.encode()), "README.md", properties=about)
        return workflow

    def _code_file(self) -> Entity:
        """Which code ran, module by module: digests of the syntax tree, so of the code without comments and layout."""
        told = {
            rule: {"modules": dict(code.modules), "libraries": dict(code.libraries), "python": code.python}
            for rule, code in self._facts.code.items()
        }
        content = BytesIO((json.dumps(told, indent=1, sort_keys=True) + "\n").encode())
        about = {
            "name": "code.json",
            "description": "By rule: a digest of every module that ran, versions of libraries and of Python.",
            "encodingFormat": "application/json",
        }
        return self.crate.add_file(content, "code.json", properties=about)

    def _software(self) -> Iterator[Entity]:
        used = {pair for code in self._facts.code.values() for pair in code.libraries.items()}
        used |= {("python", code.python) for code in self._facts.code.values() if code.python}
        for name, version in sorted(used):
            about = {"name": name, "softwareVersion": version}
            if address := library_address(name, version):
                about["url"] = address
            yield self._add(address or f"urn:pdp:software:{name}:{version}", "SoftwareApplication", **about)

    def _slot(self, name: str, description: str) -> Entity:
        properties = {"multipleValues": True}
        return self.crate.add_formal_parameter(
            name, "File", identifier=f"#{name}", description=description, valueRequired=True, properties=properties
        )

    def _parameters(self) -> Iterator[Entity]:
        for name, value in self._facts.parameters.items():
            slot = self.crate.add_formal_parameter(
                name,
                "PropertyValue",
                identifier=f"#parameter/{name}",
                description=f"Settings under {name.split('.')[0]}, as JSON; what is not told has its default.",
            )
            self._workflow.append_to("input", slot)
            yield self._add(f"#value/{name}", "PropertyValue", name=name, value=value, exampleOfWork=slot)

    def _thing(self, file: File, slot: Entity) -> Entity:
        """A file that is described and not contained: its id is no path, so that nobody looks for it."""
        if file.version_id not in self._things:
            is_raw = slot is self._exports
            about: dict[str, Any] = {
                "name": f"raw export {file.sha256[:16]}" if is_raw else self._names.path(file.path),
                "sha256": file.sha256,
                "contentSize": str(file.bytes),
                "encodingFormat": _BYTES if is_raw else _ENCODINGS.get(Path(file.path).suffix, _BYTES),
                "exampleOfWork": slot,
            }
            if file.rows is not None:
                about["rowCount"] = file.rows
            identity = f"#{'export' if is_raw else 'table'}/{stable_id('version', file.path, file.number, file.sha256)}"
            self._things[file.version_id] = self._add(identity, "File", **about)
        return self._things[file.version_id]

    def _action(self, action: Action, parameters: list[Entity]) -> Entity:
        run = action.run
        about: dict[str, Any] = {
            "name": f"Run of the workflow, {run.started[:10]}" if run else "Jobs outside any run on record",
            "description": f"Made {len(action.results)} of the tables, from {len(action.objects)} raw exports.",
            "agent": self._owner,
        }
        if run is not None:
            about |= {"startTime": _time(run.started), "endTime": _time(run.ended or run.started)}
            if run.status in _STATUSES:
                about["actionStatus"] = f"http://schema.org/{_STATUSES[run.status]}"
            if run.status == "FAIL":
                about["error"] = run.error.partition(":")[0] or "a job failed"
        return self.crate.add_action(
            self._workflow,
            identifier=f"#run/{stable_id('run', run.id if run else '')}",
            object=[*(self._thing(file, self._exports) for file in action.objects), *parameters],
            result=[self._thing(file, self._tables) for file in action.results],
            properties=about,
        )


def library_address(name: str, version: str) -> str:
    """Where a library stands that is imported by this name; "" for one that is not installed here."""
    if name == "python":
        return f"https://docs.python.org/{version}/"
    distributions = metadata.packages_distributions().get(name)
    return f"https://pypi.org/project/{distributions[0]}/{version}/" if distributions else ""


def _time(stamp: str) -> str:
    """A UTC stamp in the one form of ISO 8601 that the profiles name."""
    return stamp.replace("Z", "+00:00")
