"""Of a deployment that declared nothing, what no client needs may be otherwise than the reference's."""

from __future__ import annotations

import pytest

from registry_conformance.judge.diagnosis.undeclared import tolerated


@pytest.mark.parametrize(
    ("name", "value", "may_be"),
    [
        ("head.size.P", "405 html 150 B", True),
        ("head.method.P", "501 text", True),
        ("head.method.P", "500 json", False),
        ("climb.P", "403 html Forbidden", True),
        ("climb.P", "404 text", True),
        ("climb.P", "200 json", False),
        ("climb.P", "500 json INTERNAL_ERROR", False),
    ],
)
def test_what_differs_and_hurts_no_client_is_a_note(name: str, value: str, *, may_be: bool) -> None:
    """A method that no client sends may be refused, a path that climbs in any form; a wrong answer may not be given."""
    assert tolerated(name, value) is may_be
