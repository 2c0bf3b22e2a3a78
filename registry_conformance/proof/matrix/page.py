"""The page of a matrix run, and its committed document."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from packaging.version import Version

from registry_conformance.documents.compatibility import compatibility_document, render_compatibility
from registry_conformance.judge.report.page.content_policy import with_policy
from registry_conformance.judge.report.page.render import environment
from registry_conformance.judge.report.page.words import duration, moment
from registry_conformance.proof.matrix.cell import NO, REGISTRATION, SUITE, UNKNOWN, YES, Outcome
from registry_conformance.proof.matrix.results import CELLS, MatrixResults

_OWN = Path(__file__).parent / "templates"
_TONES = {YES: "passed", NO: "failed", UNKNOWN: "inconclusive"}
_WORDS = {YES: "yes or green", NO: "no or red", UNKNOWN: "not known"}
_MARKS = {YES: "✓", NO: "✕", UNKNOWN: "?"}


def render(found: MatrixResults, changed: Sequence[str]) -> str:
    """Return one self-contained HTML page; each cell links to the report of its registration."""
    good = len(found.outcomes) - len(found.unexplained)
    answers = [outcome.answer for outcome in found.outcomes.values()]
    mood = "good"
    if found.unexplained:
        mood = "bad" if NO in answers else "doubt"
    return with_policy(
        environment(_OWN)
        .get_template("matrix.html.j2")
        .render(
            name=found.folder.name,
            started=moment(found.started),
            suite=found.suite,
            maps=_maps(found),
            suites=[_view(found, each) for _, each in sorted(found.outcomes.items()) if each.cell.kind == SUITE],
            red=[_view(found, each) for each in found.outcomes.values() if each.answer != YES],
            changed=list(changed),
            good=good,
            total=len(found.outcomes),
            mood=mood,
            counts={answer: answers.count(answer) for answer in (YES, NO, UNKNOWN)},
            tones=_TONES,
            words=_WORDS,
        )
    )


def write_document(found: MatrixResults, file: Path) -> None:
    """Write the committed document of a run, as JSON and as Markdown."""
    cells = [outcome.document() for outcome in found.outcomes.values()]
    document = compatibility_document(found.started, found.suite, cells)
    file.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    file.with_suffix(".md").write_text(render_compatibility(document), encoding="utf-8")


def _maps(found: MatrixResults) -> list[dict[str, Any]]:
    """Return a heat map of registrations for each combination of other parts: servers down, clients across."""
    surroundings: dict[tuple[str, str, str], list[Outcome]] = {}
    for outcome in (each for each in found.outcomes.values() if each.cell.kind == REGISTRATION):
        stage = outcome.cell.stage
        surroundings.setdefault((stage.backend, stage.store, stage.proxy), []).append(outcome)
    maps = []
    for parts, outcomes in surroundings.items():
        servers = sorted({outcome.cell.stage.server for outcome in outcomes}, key=Version)
        clients = sorted({outcome.cell.client for outcome in outcomes}, key=Version)
        by_place = {(o.cell.stage.server, o.cell.client): _view(found, o) for o in outcomes}
        rows = []
        for server in servers:
            cells = [by_place.get((server, client)) for client in clients]
            rows.append({"server": server, "cells": cells})
        maps.append({"parts": parts, "clients": clients, "rows": rows})
    return maps


def _view(found: MatrixResults, outcome: Outcome) -> dict[str, Any]:
    known = outcome.cell.incompatibility
    page = f"{CELLS}/{outcome.cell.name}/index.html"
    return {
        "cell": outcome.cell,
        "answer": outcome.word,
        "verified": outcome.verified,
        "mark": _MARKS[outcome.answer],
        "tone": _TONES[outcome.answer],
        "why": outcome.why,
        "known": f"{known.sentence}; {known.remedy} ({known.reference})" if known else "",
        "explained": outcome.is_explained,
        "took": duration(outcome.seconds),
        "versions": ", ".join(f"{part} {version}" for part, version in outcome.versions.items()),
        "page": page if (found.folder / page).exists() else "",
    }
