"""A red run says its causes first, each with the red checks that it explains, and then what no cause explains."""

from __future__ import annotations

import json

import jsonschema

from registry_conformance.judge.diagnosis import Diagnosis, Named
from registry_conformance.judge.diagnosis.bands import Band
from registry_conformance.judge.diagnosis.facts import Facts
from registry_conformance.judge.diagnosis.failure_signature import failure_signature
from registry_conformance.judge.diagnosis.naming import _distinct
from registry_conformance.judge.evidence.items import ExchangeItem
from registry_conformance.judge.report import verdicts_json
from registry_conformance.judge.report.summary import summary
from registry_conformance.judge.verdict import Verdict
from registry_conformance.run.session.failure_diagnosis import explained
from tests.report_runs import EXCHANGE, SCHEMA, check, run_of

ROUTE = Named(
    "route-missing",
    "proxy",
    "the route is missing",
    Band.CERTAIN,
    ("an upload is 404", "a listing is 404", "MLflow itself is right"),
    "add the route",
    "docs/troubleshooting.md#route-missing",
    requirements=frozenset({"ROU-001"}),
    failure_signature=failure_signature([EXCHANGE]),
)
OTHER = Named(
    "other", "mlflow", "another flag", Band.POSSIBLE, (), "drop it", "docs/troubleshooting.md#other", alternative=True
)
KEYS = Named(
    "keys",
    "auth",
    "keys are not read",
    Band.LIKELY,
    ("401",),
    "read them",
    "docs/x#keys",
    False,
    frozenset({"AUT-001"}),
)

RUN = run_of(
    check("routes", Verdict.FAILED, "ROU-001"),
    check("stores", Verdict.FAILED, "ART-001", evidence=(EXCHANGE,)),
    check("refuses", Verdict.FAILED, "AUT-001"),
    check("names", Verdict.FAILED, "ERR-001"),
    check("tells", Verdict.PASSED, "OPS-001"),
    exit_code=1,
)


def test_a_cause_explains_by_requirement_and_by_what_was_seen() -> None:
    """A red check goes to the first cause that breaks its requirement or met the same exchange; others to none."""
    run = explained(RUN, Diagnosis((ROUTE, KEYS, OTHER), Facts()))
    causes = {record.nodeid.rpartition("_")[2]: (record.diagnosis or {}).get("cause") for record in run.records}
    assert causes == {
        "routes": ROUTE.sentence,
        "stores": ROUTE.sentence,
        "refuses": KEYS.sentence,
        "names": None,
        "tells": None,
    }
    assert [cause["id"] for cause in run.diagnosis] == ["route-missing", "keys", "other"]
    assert run.diagnosis[0]["requirements"] == ["ART-001", "ROU-001"]
    assert run.diagnosis[2]["checks"] == []


def test_an_alternative_explains_nothing() -> None:
    """Only a cause that is named, not a rival of it, is given red checks."""
    rival = Named("rival", "proxy", "a rival", Band.POSSIBLE, (), "no", "x", True, frozenset({"ROU-001"}))
    run = explained(RUN, Diagnosis((KEYS, rival), Facts()))
    assert [record.diagnosis is None for record in run.records] == [True, True, False, True, True]


def test_causes_come_first_and_the_unexplained_last() -> None:
    """Layer, cause, observations, remedy and link stand before the counts; what is left over is told after them."""
    lines = summary(explained(RUN, Diagnosis((ROUTE, OTHER), Facts())))
    text = "\n".join(lines)
    first = next(number for number, line in enumerate(lines) if line.startswith("CAUSE"))
    assert first <= 3
    assert lines[first] == "CAUSE (certain, proxy): the route is missing"
    for told in (*ROUTE.observations, ROUTE.remedy, ROUTE.link, "explains: 2 red checks", "Less likely: another flag"):
        assert told in text
    assert text.index("CAUSE") < text.index("inapplicable") < text.index("Not explained by any cause above:")
    assert "AUT-001 MUST" in text[text.index("Not explained") :]
    assert "ROU-001 MUST" not in text[text.index("Not explained") :]


def test_the_report_with_a_diagnosis_fits_its_schema() -> None:
    """The causes stand in the JSON report as the schema has them."""
    document = verdicts_json.render(explained(RUN, Diagnosis((ROUTE, OTHER), Facts())))
    jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text())).validate(document)
    assert [cause["alternative"] for cause in document["diagnosis"]] == [False, True]


def test_marks_tell_families_and_statuses_apart() -> None:
    """Doors and ids make no difference to a mark; family, method and status do, and a success has none."""
    other: ExchangeItem = {**EXCHANGE, "url": "http://elsewhere/mlflow/api/2.0/mlflow-artifacts/artifacts/2/other.pkl"}
    listing: ExchangeItem = {**EXCHANGE, "method": "GET"}
    assert failure_signature([EXCHANGE]) == failure_signature([other])
    assert (
        failure_signature([EXCHANGE])
        != failure_signature([listing])
        != failure_signature([{**EXCHANGE, "status": 500}])
    )
    assert failure_signature([{**EXCHANGE, "status": 200}, {"kind": "note", "text": "x"}]) == frozenset()


def test_rights_at_the_store_are_called_that() -> None:
    """The layer of rights at the store has a plain name in every report, not that of a vendor's product."""
    rights = Named(
        "rights", "iam", "the role may not read", Band.CERTAIN, (), "let it", "x", False, frozenset({"ROU-001"})
    )
    lines = summary(explained(RUN, Diagnosis((rights, OTHER), Facts())))
    assert "CAUSE (certain, rights at the store): the role may not read" in lines


def test_one_exchange_is_observed_once() -> None:
    """Two sentences about the same exchange are one observation, also if only one says how long it took."""
    told = "PUT http://host/artifacts/one.bin → 403 text/plain 19 B"
    once = tuple(_distinct((f"an upload: {told} in 4 ms", f"{told} in 0 ms", "an upload, six times: all 403")))
    assert once == (f"an upload: {told} in 4 ms", "an upload, six times: all 403")
