"""A registry that fails: on everything, told in its own words, or on searches alone."""

from __future__ import annotations

import threading

import pytest

from registry_conformance.judge.diagnosis.preflight import examine
from registry_conformance.judge.target.target import Door
from tests.refusal_pages import FLASK_500, NGINX_502
from tests.web_answers import SEARCH_PATH, Answer, Asked, always, looked_at, mlflow, site


def test_an_mlflow_whose_searches_alone_get_no_answer_is_told() -> None:
    """The version comes at once and a search never: nothing is wrong with the address, and it is MLflow's database."""
    over = threading.Event()

    def answering(asked: Asked) -> Answer:
        if asked.path.startswith(SEARCH_PATH):
            over.wait()
        return mlflow(asked)

    with site(answering) as there:
        found = examine(Door("given", there.url, 0.5), None, "run-1", 0.5).finding
        over.set()
    assert found is not None
    assert (found.kind.id, found.kind.layer) == ("mlflow-fails", "mlflow")
    assert "its database most likely" in found.sentence


@pytest.mark.parametrize(
    ("answer", "kind", "told"),
    [
        (Answer(500, {"error_code": "INTERNAL_ERROR", "message": "no such table"}), "database-schema", "no such table"),
        (
            Answer(503, {"error_code": "TEMPORARILY_UNAVAILABLE", "message": "(psycopg2.X) no pg_hba.conf entry"}),
            "database-refuses-connections",
            "MLflow answers 503 to every request",
        ),
        (Answer(500, FLASK_500), "mlflow-fails", "MLflow itself fails"),
        (Answer(500, {"error_code": "INTERNAL_ERROR", "message": "x"}), "everything-fails", "another part in MLflow"),
        (Answer(500, "Internal Server Error"), "everything-fails", "Internal Server Error"),
        (Answer(502, NGINX_502), "nothing-behind-the-proxy", "nginx answers 502"),
        (Answer(503, "no healthy upstream"), "nothing-behind-the-proxy", "Envoy answers 503"),
        (Answer(503, "<h1>Down for maintenance</h1>", {"Retry-After": "120"}), "unavailable", "Down for maintenance"),
        (Answer(429, "<title>Slow down</title>", {"Retry-After": "7"}), "throttled", "Slow down"),
    ],
)
def test_what_fails_on_everything_is_told_in_its_words(answer: Answer, kind: str, told: str) -> None:
    """A registry that fails on everything is told by who fails, in whose words, and when to try again."""
    with site(always(answer)) as there:
        found = looked_at(there.url).finding
    assert found is not None
    assert found.kind.id == kind
    assert told in found.sentence
    assert answer.headers.get("Retry-After", "") in found.remedy


def test_one_request_that_fails_does_not_end_it() -> None:
    """Where a search fails and other requests do not, what is wrong is further in."""

    def answering(asked: Asked) -> Answer:
        broken = asked.path.startswith(SEARCH_PATH)
        return Answer(500, {"error_code": "INTERNAL_ERROR", "message": "x"}) if broken else Answer(200, {})

    with site(answering) as there:
        assert looked_at(there.url).finding is None
