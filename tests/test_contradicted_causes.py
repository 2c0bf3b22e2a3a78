"""A cause that something seen contradicts is not shown, not even as less likely."""

from __future__ import annotations

import pytest

from registry_conformance.judge.diagnosis.diagnosis import conclude
from registry_conformance.judge.diagnosis.facts import Facts

_DELETE_REFUSED = {"delete.P": "403 json", "route.rest-delete.P": "all 403 json"}
_PATCH_REFUSED = {"route.rest-patch.P": "all 403 json", "reader.patch.P": "403 json"}
_NO_PAGES = {"meta.pages.P": "200 json other"}


def seen(values: dict[str, str], healthy: dict[str, str]) -> Facts:
    """Return facts of which some are wrong, and others in order."""
    facts = Facts()
    for name, value in values.items():
        facts.record(name, value, f"{name}: {value}", "nothing of the kind")
    for name, value in healthy.items():
        facts.record(name, value, f"{name}: {value}")
    return facts


@pytest.mark.parametrize(
    ("cause", "wrong", "contradiction"),
    [
        ("delete-refused", _DELETE_REFUSED, {"meta.delete.tag.P": "200 json"}),
        ("delete-refused", _DELETE_REFUSED, {"meta.delete.alias.P": "404 json RESOURCE_DOES_NOT_EXIST"}),
        ("delete-refused", _DELETE_REFUSED, {"meta.create.P": "403 json"}),
        ("delete-refused", _DELETE_REFUSED, {"repeat.search.P": "200 200 403 403"}),
        ("patch-refused", _PATCH_REFUSED, {"meta.model.patch.P": "200 json"}),
        ("patch-refused", _PATCH_REFUSED, {"meta.create.P": "403 json"}),
        ("head-refused", {"head.method.P": "403 html"}, {"repeat.search.P": "all 403"}),
        ("pages-lost", _NO_PAGES, {"meta.version.again.P": "400 json INVALID_PARAMETER_VALUE"}),
    ],
)
def test_what_is_contradicted_is_not_shown(cause: str, wrong: dict[str, str], contradiction: dict[str, str]) -> None:
    """The same facts name the cause without the contradiction."""
    assert cause in [each.id for each in conclude(seen(wrong, {}), known={}).causes]
    assert cause not in [each.id for each in conclude(seen(wrong, contradiction), known={}).causes]


@pytest.mark.parametrize(
    ("cause", "aspect", "small", "large"),
    [
        ("uploads-reset-midway", "put", "1m 500 text", "9m 500 text"),
        ("downloads-reset-midway", "get", "1m 500 json", "9m 500 json"),
    ],
)
def test_a_limit_of_some_hundred_kilobytes_lets_no_megabytes_pass(
    cause: str, aspect: str, small: str, large: str
) -> None:
    """What breaks off after some hundred KB does not let a file of 5 MB through."""
    in_order = {"put.P": "200 empty", "get.P": "200 whole", "ladder.put.P": "all"}
    for value, named in ((small, True), (large, False)):
        facts = seen(
            {f"ladder.{aspect}.P": value}, {name: text for name, text in in_order.items() if aspect not in name}
        )
        facts.record("put.P", "200 empty", "an upload")
        facts.record("get.P", "200 whole", "a download")
        assert (cause in [each.id for each in conclude(facts, known={}).causes]) is named
