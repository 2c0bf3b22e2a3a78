"""Arrows point one way, and the environment has one reader."""

from __future__ import annotations

import ast
import re
from graphlib import CycleError, TopologicalSorter

import pytest

from tests.tree import ROOT, Source, imports, sources

BELOW_CHECKS = (
    "fixtures.requirement",
    "fixtures.deployment",
    "fixtures.disturbance",
    "fixtures.target",
    "fixtures.clients",
    "fixtures.expect",
)
BELOW_SESSION = (*BELOW_CHECKS, "fixtures.verdict", "fixtures.faults", "fixtures.settings", "fixtures.foreign")
MAY_IMPORT = {
    # a module may import what its row names, and its own row; the longest row that fits is its row
    "fixtures.verdict": (),
    "fixtures.lifeline": (),
    "fixtures.interpreter": (),
    "fixtures.options": (),
    "fixtures.requirement": (),
    "fixtures.disturbance": (),
    "fixtures.deployment": ("fixtures.disturbance",),
    "fixtures.target": (),
    "fixtures.mismatch": (),
    "fixtures.infrastructure": ("fixtures.target", "fixtures.verdict", "fixtures.mismatch"),
    "fixtures.faults": ("fixtures.deployment", "fixtures.disturbance"),
    "fixtures.faults.accounts": ("fixtures.infrastructure", "fixtures.target.account"),
    "fixtures.images": (),
    "fixtures.foreign": ("fixtures.deployment", "fixtures.images.recipe"),
    "fixtures.settings": (
        "fixtures.faults.catalogue",
        "fixtures.deployment",
        "fixtures.foreign",
        "fixtures.images",
    ),
    "fixtures.clients.answered": (),
    "fixtures.clients.document": ("fixtures.mismatch",),
    "fixtures.clients.exchange": ("fixtures.clients.answered", "fixtures.clients.document", "fixtures.mismatch"),
    "fixtures.expect": ("fixtures.clients.exchange", "fixtures.mismatch"),
    "fixtures.clients": (
        "fixtures.settings",
        "fixtures.target",
        "fixtures.expect",
        "fixtures.clients",
        "fixtures.lifeline",
    ),
    "fixtures.stack": (
        "fixtures.foreign",
        "fixtures.images",
        "fixtures.settings",
        "fixtures.target",
        "fixtures.deployment",
        "fixtures.disturbance",
        "fixtures.lifeline",
    ),
    "fixtures.report": ("fixtures.requirement", "fixtures.verdict"),
    "fixtures.diagnosis": (
        *BELOW_CHECKS,
        "fixtures.verdict",
        "fixtures.faults",
        "fixtures.settings",
        "fixtures.report.record",
    ),
    "fixtures.environment": ("fixtures.settings", "fixtures.target", "fixtures.clients", "fixtures.expect"),
    "fixtures.checks": (
        *BELOW_CHECKS,
        "fixtures.verdict",
        "fixtures.faults",
        "fixtures.stack.handle",
        "fixtures.infrastructure",
    ),
    "fixtures.session": (
        *BELOW_SESSION,
        "fixtures.options",
        "fixtures.stack",
        "fixtures.report",
        "fixtures.diagnosis",
        "fixtures.environment",
        "fixtures.infrastructure",
    ),
    "fixtures.proving": (
        *BELOW_SESSION,
        "fixtures.options",
        "fixtures.stack",
        "fixtures.report",
        "fixtures.checks",
        "fixtures.diagnosis",
        "fixtures.lifeline",
        "fixtures.session",
    ),
    "fixtures.rehearsal": (
        "fixtures.options",
        "fixtures.clients",
        "fixtures.expect",
        "fixtures.settings",
        "fixtures.deployment",
        "fixtures.faults",
        "fixtures.stack",
        "fixtures.target",
        "fixtures.session.ending",
    ),
    "fixtures.nights": (
        "fixtures.lifeline",
        "fixtures.options",
        "fixtures.report",
        "fixtures.settings",
        "fixtures.verdict",
    ),
    "fixtures.plugin": (
        "fixtures.checks",
        "fixtures.environment.read",
        "fixtures.requirement",
        "fixtures.settings",
        "fixtures.session",
    ),
    "suites": (*BELOW_CHECKS, "fixtures.checks", "fixtures.faults", "fixtures.stack.handle"),
    "suites.live.test_real_registration": (
        *BELOW_CHECKS,
        "fixtures.checks",
        "fixtures.interpreter",  # the one file of checks that is a program too
        "fixtures.session.program",
    ),
    "docker": (),
    "benchmarks": ("fixtures",),
    "scripts": ("fixtures", "benchmarks"),
    "tests": ("fixtures", "benchmarks"),
}
OURS = ("fixtures", "suites", "docker", "benchmarks", "scripts", "tests")
READS_ENVIRONMENT = {
    "fixtures/settings.py": "the one reader",
    "fixtures/stack/mlflow_server.py": "a forked server takes on its own environment",
    "fixtures/clients/world.py": "the SDK takes its settings from there",
}


def row_of(module: str) -> str:
    """Return the longest row of the table that a module stands in."""
    return max((row for row in MAY_IMPORT if within(module, row)), key=len, default="")


def within(module: str, row: str) -> bool:
    """Return whether a module is a row's, or stands under it."""
    return module == row or module.startswith(f"{row}.")


def wrong_arrows(project: list[Source]) -> list[str]:
    """Name each import that the table does not allow."""
    modules = [source.module for source in project]
    wrong = []
    for source in project:
        row = row_of(source.module)
        if not row and source.module != "fixtures":
            wrong.append(f"{source.path}:1: stands in no row of the table")
            continue
        for name, node in imports(source, modules).items():
            if name.startswith("."):
                wrong.append(f"{source.at(node)}: {name} is relative")
            elif within(name, "docker") and name not in modules:
                continue  # the client library of that name
            elif name.split(".")[0] in OURS and not (
                (within(name, row) and row != "suites")
                or any(within(name, allowed) for allowed in MAY_IMPORT.get(row, ()))
            ):
                wrong.append(f"{source.at(node)}: {source.module} imports {name}")
    return wrong


def import_cycle(project: list[Source]) -> list[str]:
    """Return the modules of one import cycle, the first one again at the end; none where there is none."""
    modules = {source.module for source in project}
    graph = {source.module: modules & set(imports(source, modules)) - {source.module} for source in project}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as cycle:
        return list(cycle.args[1])
    return []


def environment_readers(project: list[Source]) -> set[str]:
    """Return the path of each file that reads or writes the process's environment."""
    return {
        source.path
        for source in project
        for node in ast.walk(source.tree)
        if (isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv", "putenv"} and is_os(node.value))
        or (isinstance(node, ast.ImportFrom) and node.module == "os" and {a.name for a in node.names} & {"environ"})
    }


def is_os(node: ast.expr) -> bool:
    """Return whether an expression is the ``os`` module by its name."""
    return isinstance(node, ast.Name) and node.id == "os"


def test_every_import_is_allowed() -> None:
    """Each module imports only what its layer may."""
    assert not wrong_arrows(sources())


def test_layers_form_no_circle() -> None:
    """Each row of the table names only rows that stand above it, fixtures as a whole aside."""
    rows = list(MAY_IMPORT)
    upward = [
        (row, allowed)
        for row in rows
        for allowed in MAY_IMPORT[row]
        if allowed not in {row, "fixtures"} and rows.index(row_of(allowed)) > rows.index(row)
    ]

    assert not upward


def test_modules_form_no_circle() -> None:
    """No module of ``fixtures`` imports itself by way of others."""
    assert not import_cycle(sources("fixtures"))


def test_environment_has_one_reader() -> None:
    """Only the settings read the environment; what else touches it is listed with its reason, and does."""
    assert environment_readers(sources("fixtures")) == set(READS_ENVIRONMENT)


def test_whoever_writes_on_a_connection_asks_leave() -> None:
    """Whoever writes on a connection, or into a bucket, asks the guard of the door first."""
    writes, asked_before = re.compile(r"\.(?:putrequest|sendall|put_object)\("), "bucket.py"
    folders = (ROOT / "fixtures" / "clients", ROOT / "fixtures" / "diagnosis" / "probes")
    texts = {file.name: file.read_text() for folder in folders for file in folder.glob("*.py")}
    writing = {name for name, text in texts.items() if writes.search(text)}

    assert writing >= {"sender.py", "raw.py", "line.py", "halfway.py", "together.py"}
    assert {name for name in writing if "ask_leave(" not in texts[name]} == {asked_before}


def test_docker_is_no_package() -> None:
    """``docker/`` stays free of an ``__init__.py``, which would shadow the Docker client library."""
    assert (ROOT / "docker").is_dir()
    assert not (ROOT / "docker" / "__init__.py").exists()


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("fixtures/verdict.py", "from fixtures.settings import ROOT"),
        ("fixtures/settings.py", "from fixtures.stack.handle import Stack"),
        ("fixtures/clients/wire.py", "from fixtures.stack import process"),
        ("fixtures/clients/exchange.py", "from fixtures.expect import Mismatch"),
        ("fixtures/stack/part.py", "def f():\n    import fixtures.session.context"),
        ("fixtures/report/write.py", "from fixtures.target.target import Target"),
        ("fixtures/session/context.py", "from fixtures.plugin import stack"),
        ("fixtures/expect.py", "from suites.contract import test_flow"),
        ("fixtures/expect.py", "from .verdict import Verdict"),
        ("fixtures/new_room.py", "from fixtures import verdict"),
        ("suites/contract/test_it.py", "from fixtures.session.context import Context"),
        ("suites/contract/test_it.py", "from suites.contract.test_other import helper"),
        ("docker/auth/service.py", "from fixtures.deployment import ROLES"),
        ("tests/test_it.py", "from scripts.setup import main"),
    ],
)
def test_wrong_arrow_is_named(path: str, text: str) -> None:
    """An import against the arrows is named with its file and line."""
    wrong = wrong_arrows([Source(path, text)])

    assert len(wrong) == 1
    assert wrong[0].startswith(f"{path}:{len(text.splitlines())}: ")


def test_circle_is_named() -> None:
    """Two modules that import each other are named."""
    one = Source("fixtures/stack/one.py", "from fixtures.stack import two")
    two = Source("fixtures/stack/two.py", "from fixtures.stack.one import X")

    assert set(import_cycle([one, two])) == {"fixtures.stack.one", "fixtures.stack.two"}


@pytest.mark.parametrize("text", ["import os\nos.environ['A']", "from os import environ", "import os\nos.getenv('A')"])
def test_second_reader_is_named(text: str) -> None:
    """A file that touches the environment is named, however it does so."""
    assert environment_readers([Source("fixtures/report/x.py", text)]) == {"fixtures/report/x.py"}
