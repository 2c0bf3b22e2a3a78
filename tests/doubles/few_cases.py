"""A pytest plugin that leaves a few cases of what a check verifies, spread evenly: ``-p tests.doubles.few_cases``."""

from __future__ import annotations

from collections import defaultdict

import pytest

MOST = 4
"""So many cases are asked, the first and the last among them."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave no more than ``MOST`` cases of each check and the requirements that they verify."""
    cases = defaultdict(list)
    for item in items:
        verified = tuple(name for mark in item.iter_markers("verifies") for name in mark.args)
        cases[item.nodeid.partition("[")[0], verified].append(item)
    kept = {item for those in cases.values() for item in spread(those)}
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = [item for item in items if item in kept]


def spread(items: list[pytest.Item]) -> list[pytest.Item]:
    """Return the items that are kept of one check's."""
    if len(items) <= MOST:
        return items
    return [items[number * (len(items) - 1) // (MOST - 1)] for number in range(MOST)]
