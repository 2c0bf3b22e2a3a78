"""A pytest plugin that prints which requirements each collected check verifies, one line a pair."""

from __future__ import annotations

import pytest

from fixtures.session.collection import is_check, requirements_of

MARK = "verified:"


def pytest_collection_finish(session: pytest.Session) -> None:
    """Print ``verified: ID NODEID`` for each requirement of each check."""
    writer = session.config.get_terminal_writer()
    for item in filter(is_check, session.items):
        for name in requirements_of(item):
            writer.line(f"{MARK} {name} {item.nodeid}")
