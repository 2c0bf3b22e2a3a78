"""The table of deployments of others: its data, and what is kept and told of what was measured."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from registry_conformance.cli.field import checks
from registry_conformance.documents.field_table import render_field_table
from registry_conformance.documents.pages import FIELD
from registry_conformance.judge.locations import REGISTER, ROOT
from registry_conformance.judge.requirement import Register
from registry_conformance.proof.faults.reasons import IN_THE_FIELD
from registry_conformance.proof.field.broken_way import WAYS, BrokenWay, Kind
from registry_conformance.proof.field.kinds import CELLS, KINDS, SAMPLE, chosen
from registry_conformance.proof.field.measure import selection
from registry_conformance.proof.field.table import keep, known, table_of, unmeasured

BROKEN = {name: (kind, way) for name, (kind, way) in CELLS.items() if way is not None}
CARELESS = ROOT / "registry_conformance" / "lab" / "external" / "careless_sign_in.py"
KIND = KINDS["nginx"]
WAY = next(way for way in KIND.ways if way.name == "body-limit")
RED = {"date": "2026-01-02", "suite": "1", "broken": list(WAY.breaks), "said": "413"}
WHOLE = {"date": "2026-01-02", "suite": "1", "declared": ['doors.a.url = "x"'], "passed": 300, "mistakes": []}


@pytest.mark.parametrize("kind", KINDS.values(), ids=str)
def test_each_kind_breaks_in_five_ways(kind: Kind) -> None:
    """Each kind has at least five broken ways, each with a name of its own and requirements that are registered."""
    register = Register.load(REGISTER)

    assert len({way.name for way in kind.ways}) == len(kind.ways) >= WAYS
    assert [name for way in kind.ways for name in way.breaks if name not in register] == []
    assert all(way.breaks and way.text for way in kind.ways)


@pytest.mark.parametrize("name", BROKEN)
def test_broken_way_differs_from_its_kind(name: str) -> None:
    """A broken way changes the proxy, MLflow, or the deployment."""
    kind, way = BROKEN[name]
    changed = (way.neighbour or kind.neighbour, way.command or kind.command, way.deployment)

    assert changed != (kind.neighbour, kind.command, BrokenWay("a", "b", ()).deployment)


def test_careless_functions_are_there() -> None:
    """Each function that stands in the place of MLflow's own check of passwords is in the module that is named."""
    there = {each.name for each in ast.parse(CARELESS.read_text()).body if isinstance(each, ast.FunctionDef)}
    named = {way.command.sign_in.partition(":")[2] for _, way in BROKEN.values() if way.command and way.command.sign_in}

    assert named
    assert named <= there


def test_cells_are_chosen_by_kind_and_by_name() -> None:
    """A kind is all its cells; what is neither a kind nor a cell is refused by name."""
    assert chosen(["caddy/healthy", "nginx"]) == [f"nginx/{each}" for each in _cells_of(KIND)] + ["caddy/healthy"]
    assert chosen(SAMPLE) == sorted(SAMPLE, key=list(CELLS).index)
    refused = CliRunner().invoke(checks, ["--only", "nginx/no-such"])
    assert refused.exit_code == 4
    assert "nginx/no-such" in refused.output


def _cells_of(kind: Kind) -> list[str]:
    return ["healthy", *(way.name for way in kind.ways)]


def test_checks_of_requirements_are_selected_once() -> None:
    """Each check of the requirements is selected by the name of its function, whatever its cases are."""
    places = {"A-1": ["suites/a.py::test_one[x]", "suites/a.py::test_one[y]"], "A-2": ["suites/a.py::test_two"]}

    assert selection(["A-1", "A-2"], places) == "test_one or test_two"


def test_what_was_measured_is_kept(tmp_path: Path) -> None:
    """A measured cell stands in table and page, beside what stood there before; all others are not measured."""
    document = tmp_path / "field.json"
    keep(document, KIND, None, WHOLE)
    keep(document, KIND, WAY, RED)
    page = document.with_suffix(".md").read_text()

    assert _cell(known(document))["measured"] == RED
    assert "nginx/healthy" not in unmeasured(known(document))
    assert "nginx/body-limit" not in unmeasured(known(document))
    assert len(unmeasured(known(document))) == len(CELLS) - 2
    assert "| 1 | 300 | 0 | 1 of" in page
    assert "not measured" in page


def test_what_was_not_red_is_said(tmp_path: Path) -> None:
    """A cell whose requirements were not all red is no success, in the page and for the next run."""
    document = tmp_path / "field.json"
    keep(document, KIND, WAY, RED | {"broken": []})

    assert "nginx/body-limit" in unmeasured(known(document))
    assert f"**not {WAY.breaks[0]}**" in document.with_suffix(".md").read_text()


def test_changed_way_is_not_measured_any_more() -> None:
    """What was measured of a way that had other requirements to break says nothing."""
    table = table_of({})
    _cell(table).update(breaks=["ART-001"], measured=RED)

    assert _cell(table_of(table))["measured"] is None


def _cell(table: dict[str, Any]) -> dict[str, Any]:
    row = next(row for row in table["kinds"] if row["name"] == KIND.name)
    cell: dict[str, Any] = next(way for way in row["ways"] if way["name"] == WAY.name)
    return cell


def test_committed_table_is_of_these_kinds() -> None:
    """The committed table has each kind and way as it is now, and its page is that of the table."""
    committed = known(FIELD.with_suffix(".json"))

    assert committed == table_of(committed)
    assert FIELD.read_text() == render_field_table(committed)


@pytest.mark.parametrize("check", IN_THE_FIELD)
def test_check_that_no_fault_kills_was_red_in_the_field(check: str) -> None:
    """A check whose fault stands in the table alone was seen red there."""
    table = json.loads(FIELD.with_suffix(".json").read_text(encoding="utf-8"))
    lacking = unmeasured(table)

    assert [cell for cell in IN_THE_FIELD[check] if cell not in CELLS or cell in lacking] == []
