"""Imports point one way, and the environment has one reader."""

from __future__ import annotations

import ast
import subprocess
import sys

import grimp
import pytest

from tests.tree import ROOT, Source, sources

READS_ENVIRONMENT = {
    "registry_conformance/judge/machine.py": "the one reader",
    "registry_conformance/lab/stack/mlflow_server.py": "a forked server takes on its own environment",
}


def test_imports_point_one_way() -> None:
    """The contracts of ``[tool.importlinter]`` in ``pyproject.toml`` hold."""
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "from importlinter.cli import lint_imports_command; lint_imports_command()",
            "--no-cache",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr


def test_few_files_stand_behind_a_check() -> None:
    """Behind the imports of one check stand at most 40 files of ours, and 5,000 lines."""
    graph = grimp.build_graph("registry_conformance", "fixtures", "suites", cache_dir=None)
    modules = graph.find_upstream_modules("suites.contract.artifacts.test_bytes")
    lines = sum(len(source.text.splitlines()) for source in sources() if source.module in modules)

    assert len(modules) <= 40, sorted(modules)
    assert lines <= 5000


def test_a_run_needs_no_extra_for_load() -> None:
    """Who judges a target imports nothing that only the extra ``[load]`` brings."""
    lacking = "import sys; sys.modules |= dict.fromkeys(('gevent', 'locust'))\n"
    program = f"{lacking}import registry_conformance.run.plugin, registry_conformance.judge.report.write"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr


def test_the_page_names_every_room() -> None:
    """ARCHITECTURE.md's listing has each folder of each house."""
    page = (ROOT / "ARCHITECTURE.md").read_text().partition("```\n")[2].partition("```")[0]
    package = ROOT / "registry_conformance"
    houses = [folder for folder in package.iterdir() if (folder / "__init__.py").is_file()]
    rooms = [room for house in houses for room in house.iterdir() if (room / "__init__.py").is_file()]

    assert {house.name for house in houses} >= {"judge", "lab", "proof"}
    assert [folder.name for folder in (*houses, *rooms) if f" {folder.name}/" not in page] == []


def environment_readers(project: list[Source]) -> set[str]:
    """Return the path of each file that reads or writes the process's environment."""
    return {source.path for source in project for node in ast.walk(source.tree) if touches_environment(node)}


def touches_environment(node: ast.AST) -> bool:
    """Return whether a node reads or writes the environment by the ``os`` module, or imports it from there."""
    if isinstance(node, ast.Attribute):
        return node.attr in {"environ", "getenv", "putenv"} and is_os(node.value)
    return isinstance(node, ast.ImportFrom) and node.module == "os" and "environ" in [a.name for a in node.names]


def is_os(node: ast.expr) -> bool:
    """Return whether an expression is the ``os`` module by its name."""
    return isinstance(node, ast.Name) and node.id == "os"


def test_environment_has_one_reader() -> None:
    """Only one module reads the environment; what else touches it is listed with its reason, and does."""
    assert environment_readers([*sources("registry_conformance"), *sources("fixtures")]) == set(READS_ENVIRONMENT)


def test_docker_is_no_package() -> None:
    """``docker/`` stays free of an ``__init__.py``, which would shadow the Docker client library."""
    assert (ROOT / "docker").is_dir()
    assert not (ROOT / "docker" / "__init__.py").exists()


@pytest.mark.parametrize("text", ["import os\nos.environ['A']", "from os import environ", "import os\nos.getenv('A')"])
def test_second_reader_is_named(text: str) -> None:
    """A file that touches the environment is named, however it does so."""
    assert environment_readers([Source("registry_conformance/judge/report/x.py", text)]) == {
        "registry_conformance/judge/report/x.py"
    }
