"""The bundle for the operator: verdict, causes, facts and the exchanges behind them, in one file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from registry_conformance.judge.diagnosis.doctor import document
from registry_conformance.judge.diagnosis.named import Diagnosis
from registry_conformance.judge.owned_file import check_creatable, write_owned
from registry_conformance.judge.report.redact import Redactor
from registry_conformance.judge.target.target import Target

SCHEMA = "doctor-bundle.v1"
MOST_BODY = 4096
"""Characters of a body that are kept."""


class BundleError(OSError):
    """The file cannot be written; the message names it and says why."""


def check_bundle(file: Path) -> None:
    """Verify that the bundle can be written; raise ``BundleError``."""
    with _explained(file):
        check_creatable(file)


def write_bundle(file: Path, target: Target, diagnosis: Diagnosis, redactor: Redactor) -> None:
    """Write the bundle without secrets, readable by its owner only; raise ``BundleError`` if that fails."""
    content = {**document(target, diagnosis), "schema": SCHEMA, "exchanges": list(_exchanges(diagnosis))}
    text = json.dumps(redactor.value(content), ensure_ascii=False, indent=1)
    with _explained(file):
        write_owned(file, text + "\n")


@contextmanager
def _explained(file: Path) -> Iterator[None]:
    """Raise an ``OSError`` of the block as ``BundleError``."""
    try:
        yield
    except OSError as problem:
        raise BundleError(f"--bundle={file}: the file cannot be written: {problem.strerror}") from problem


def _exchanges(diagnosis: Diagnosis) -> Iterator[dict[str, Any]]:
    """Yield every exchange behind a fact, with the fact's name, its bodies shortened."""
    for fact in diagnosis.facts.values():
        for item in fact.evidence:
            yield {"fact": fact.name, **{name: _cut(value) for name, value in item.items()}}


def _cut(value: Any) -> Any:
    """Return one side of an exchange with its body text shortened."""
    if isinstance(value, dict) and len(str(value.get("text", ""))) > MOST_BODY:
        return {**value, "text": f"{value['text'][:MOST_BODY]} ..."}
    return value
