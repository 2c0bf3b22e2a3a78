"""Which clients of MLflow a server is for, by the version that it says it is."""

from __future__ import annotations

import re

from registry_conformance.judge.diagnosis.facts import Facts

_LOGGED_MODELS, _ALIASES = (3, 0), (2, 3)
"""The first releases that have logged models, and aliases of versions."""


def version_of_server(facts: Facts) -> str:
    """Return the version of MLflow that a server says it is, empty if it did not say."""
    return facts.value("first.version.P")


def lacks_logged_models(facts: Facts) -> bool:
    """Return whether a server says that it is older than MLflow 3, whose clients keep models as logged models."""
    return _is_older(facts, _LOGGED_MODELS)


def lacks_aliases(facts: Facts) -> bool:
    """Return whether a server says that it is older than MLflow 2.3."""
    return _is_older(facts, _ALIASES)


def _is_older(facts: Facts, release: tuple[int, int]) -> bool:
    found = re.match(r"([0-9]{1,9})\.([0-9]{1,9})", version_of_server(facts))
    return found is not None and (int(found[1]), int(found[2])) < release
