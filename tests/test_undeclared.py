"""Of a deployment that declared nothing, what no client needs may be otherwise than the reference's."""

from __future__ import annotations

import pytest

from registry_conformance.judge.diagnosis.facts import Facts
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


@pytest.mark.parametrize(
    ("version", "name", "value", "may_be"),
    [
        ("3.9.0", "meta.api3.P", "404 html flask", True),
        ("3.9.0", "presign.P", "404 html flask", True),
        ("3.9.0", "meta.history.P", "200 json other", True),
        ("3.9.0", "name.unicode.get.P", "500 text", True),
        ("3.9.0", "name.space.get.P", "500 text", False),
        ("3.13.0", "meta.history.P", "200 json other", True),
        ("3.14.0", "meta.history.P", "200 json other", False),
        ("3.13.0", "name.unicode.get.P", "500 text", False),
        ("2.16.2", "delete.P", "500 html flask", True),
        ("2.16.2", "route.deletion.P", "all 500 html flask", True),
        ("2.16.2", "get.deleted.P", "200 whole", True),
        ("2.16.2", "delete.P", "403 html nginx", False),
        ("2.17.0", "delete.P", "500 html flask", False),
        ("3.9.0", "presign.P", "404 html nginx", False),
        ("3.17.2", "presign.P", "404 html flask", False),
        ("3.17.2", "meta.history.P", "200 json other", False),
        ("", "meta.api3.P", "404 html flask", True),
        ("", "meta.history.P", "200 json other", True),
        ("", "presign.P", "404 html flask", True),
        ("", "delete.P", "500 html flask", False),
        ("", "name.unicode.get.P", "500 text", False),
        ("no version", "meta.api3.P", "404 html flask", True),
    ],
)
def test_what_an_older_mlflow_has_not_learned_is_a_note(version: str, name: str, value: str, *, may_be: bool) -> None:
    """Kind: unfamiliar is not broken. A route that came later is missed by no client, which asks before it relies."""
    facts = Facts(tolerated)
    if version:
        facts.record("first.version.P", version, f"the server says that it is MLflow {version}")
    facts.record(name, value, "as it is answered", "(all )?200 json")
    assert facts[name].normal is may_be
    assert facts[name].note is may_be
