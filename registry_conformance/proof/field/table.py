"""The table of kinds and their broken ways: measured cell by cell, printed, and stored."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from registry_conformance.documents.check_listing import checks_by_requirement
from registry_conformance.documents.field_table import render_field_table
from registry_conformance.proof.field.broken_way import BrokenWay, Kind
from registry_conformance.proof.field.kinds import CELLS, HEALTHY, KINDS
from registry_conformance.proof.field.measure import measured_way, measured_whole

Say = Callable[[str], None]


def measure(cells: Sequence[str], say: Say, document: Path | None) -> int:
    """Measure cells and print one line for each; return the number of wrong ones.

    Each result is stored in the table ``document`` (JSON), with its page (Markdown) next to it, if given.
    """
    places = checks_by_requirement()
    wrong = 0
    for number, name in enumerate(cells, 1):
        kind, way = CELLS[name]
        met = measured_way(kind, way, places) if way else measured_whole(kind)
        mistakes = _mistakes(way, met)
        wrong += bool(mistakes)
        say(
            f"{number:3} of {len(cells)}  {'WRONG' if mistakes else 'right'}  {name:40} {_result_words(way, met)[:100]}"
        )
        for mistake in mistakes:
            say(f"       {mistake[:300]}")
        if document is not None:
            keep(document, kind, way, met)
    say(f"{len(cells) - wrong} of {len(cells)} cells are right")
    return wrong


def keep(document: Path, kind: Kind, way: BrokenWay | None, met: Mapping[str, Any]) -> None:
    """Store the result of a cell in a table, and write its page."""
    table = table_of(known(document))
    row = next(each for each in table["kinds"] if each["name"] == kind.name)
    if way is None:
        row["whole"] = dict(met)
    else:
        next(cell for cell in row["ways"] if cell["name"] == way.name)["measured"] = dict(met)
    document.write_text(json.dumps(table, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    document.with_suffix(".md").write_text(render_field_table(table), encoding="utf-8")


def known(document: Path) -> dict[str, Any]:
    """Return a stored table, empty if there is none."""
    found = json.loads(document.read_text(encoding="utf-8")) if document.exists() else {}
    return found if isinstance(found, dict) else {}


def table_of(before: Mapping[str, Any]) -> dict[str, Any]:
    """Return the table of all kinds, with earlier results of unchanged cells."""
    rows = {row["name"]: row for row in before.get("kinds", ())}
    return {"schema": "field.v1", "kinds": [_row(kind, rows.get(kind.name, {})) for kind in KINDS.values()]}


def unmeasured(table: Mapping[str, Any]) -> list[str]:
    """Return the cells of a table without a result, or with a wrong one."""
    cells = []
    for row in table["kinds"]:
        if row["whole"] is None or _mistakes(None, row["whole"]):
            cells.append(f"{row['name']}/{HEALTHY}")
        cells += [f"{row['name']}/{way['name']}" for way in row["ways"] if not _stands(way)]
    return cells


def _stands(cell: Mapping[str, Any]) -> bool:
    return cell["measured"] is not None and set(cell["breaks"]) <= set(cell["measured"]["broken"])


def _row(kind: Kind, before: Mapping[str, Any]) -> dict[str, Any]:
    ways = {way["name"]: way for way in before.get("ways", ())}
    cells = [_cell(way, ways.get(way.name, {})) for way in kind.ways]
    return {"name": kind.name, "title": kind.title, "whole": before.get("whole"), "ways": cells}


def _cell(way: BrokenWay, before: Mapping[str, Any]) -> dict[str, Any]:
    measured = before.get("measured") if before.get("breaks") == list(way.breaks) else None
    return {"name": way.name, "text": way.text, "breaks": list(way.breaks), "measured": measured}


def _mistakes(way: BrokenWay | None, met: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with a cell: failures on a healthy deployment, or missing ones on a broken one."""
    if way is None:
        return list(met["mistakes"])
    missed = sorted(set(way.breaks) - set(met["broken"]))
    return [f"not red: {', '.join(missed)}; {met['said']}"] if missed else []


def _result_words(way: BrokenWay | None, met: Mapping[str, Any]) -> str:
    return f"{met['passed']} checks passed" if way is None else f"red: {', '.join(met['broken']) or 'nothing'}"
