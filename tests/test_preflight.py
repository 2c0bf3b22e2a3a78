"""Before any cause is ranked: who answers, and whether it is an MLflow; each in one sentence."""

from __future__ import annotations

import json

import pytest

from registry_conformance.judge.diagnosis.doctor import target_at
from registry_conformance.judge.diagnosis.facts import Facts
from registry_conformance.judge.diagnosis.preflight.target import examine_target
from registry_conformance.judge.target.target import Door
from tests.refusal_pages import FLASK_404, KEY, NGINX_502
from tests.web_answers import (
    EXPERIMENTS,
    SEARCH_PATH,
    Answer,
    Answering,
    Asked,
    always,
    guarded,
    looked_at,
    mlflow,
    site,
)


def test_an_mlflow_that_lets_the_key_in_ends_nothing() -> None:
    """A registry that asks for a key and lets it in is known by its version, and called guarded."""
    with site(guarded(KEY, Answer(401, {"detail": "no"}))) as there:
        found = looked_at(there.url)
    assert (found.finding, found.version, found.open) == (None, "3.17.2", False)


def test_an_open_registry_is_called_open() -> None:
    """A registry that asks nobody for a key is called open, with a key and without."""
    with site(mlflow) as there:
        assert [looked_at(there.url, key).open for key in ("a-key-of-mine", None)] == [True, True]
        assert looked_at(there.url, None).finding is None


@pytest.mark.parametrize("prefix", ["", "/mlflow", "/api/mlflow"])
def test_an_mlflow_at_a_neighbouring_path_is_named(prefix: str) -> None:
    """A typo in the path is answered with the address at which MLflow answers, and no key goes there."""
    with site(lambda asked: mlflow(asked, prefix)) as there:
        found = looked_at(f"{there.url}/api/mlfow").finding
        elsewhere = [each for each in there.asked if "/api/mlfow/" not in each.path]
    assert found is not None
    assert found.kind.id == "no-mlflow-at-this-path"
    assert found.sentence.endswith(f"one answers at {there.url}{prefix}")
    assert elsewhere
    assert not [each for each in elsewhere if each.authorization]


def test_a_proxy_for_going_out_is_no_registry_that_wants_a_key() -> None:
    """A 407 is about the way out, not about the registry's key."""
    with site(lambda _: Answer(407, "log in to go out")) as there:
        found = looked_at(there.url).finding
    assert found is not None
    assert found.kind.id == "outbound-proxy"
    assert "HTTPS_PROXY" in found.remedy


def test_a_guarded_neighbour_is_named_by_its_refusal() -> None:
    """A neighbouring path that wants a key, while nonsense is not found, is where MLflow answers."""

    def answering(asked: Asked) -> Answer:
        refusal = Answer(401, {"error_code": "UNAUTHENTICATED", "message": "no key"})
        return refusal if asked.path.startswith("/api/mlflow/") else Answer(404, "nothing here")

    with site(answering) as there:
        found = looked_at(f"{there.url}/api/mlfow").finding
    assert found is not None
    assert found.sentence.endswith(f"one answers at {there.url}/api/mlflow")


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (Answer(200, "<html><title>Welcome to nginx!</title></html>"), "nginx's welcome page"),
        (Answer(200, "<title>Apache2 Debian Default Page: It works</title>"), "Apache's default page"),
        (Answer(200, "<html><title>Grafana</title></html>"), "Grafana"),
        (Answer(401, {"message": "Unauthorized", "traceId": "1", "statusCode": 401}), "Grafana"),
        (Answer(403, "<title>Jupyter Server</title>"), "Jupyter"),
        (Answer(200, "<title>Airflow - DAGs</title>"), "Airflow"),
        (Answer(404, "<pre>Cannot GET /x</pre>"), "Express"),
        (Answer(403, "<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>"), "an S3 API"),
        (Answer(403, "", {"Server": "AirTunes/775.3.1"}), "the AirPlay receiver of macOS"),
        (Answer(200, "<title>Our shop</title>"), "a web page titled 'Our shop'"),
        (Answer(200, {"hello": "world"}), "JSON that is not MLflow's"),
        (Answer(200, [1, 2]), "JSON that is not MLflow's"),
        (Answer(200, b"[" * 200_000, {"Content-Type": "application/json"}), "'[[["),
        (Answer(200, b"[" * 900 + b"]" * 900, {"Content-Type": "application/json"}), "[[["),
        (Answer(200, ""), "an empty body"),
        (Answer(404, "default backend - 404"), "default backend - 404"),
        (Answer(404, "404 page not found\n"), "404 page not found"),
    ],
)
def test_what_is_no_mlflow_is_told_as_what_it_seems_to_be(answer: Answer, told: str) -> None:
    """Any web server that is no MLflow is called so, and described by its own page or words."""
    with site(always(answer)) as there:
        found = looked_at(f"{there.url}/api/mlflow").finding
    assert found is not None
    assert found.kind.id in ("not-mlflow", "no-mlflow-at-this-path")
    assert "not an MLflow" in found.sentence or "no MLflow answers" in found.sentence
    assert told in found.sentence
    assert len(found.sentence) < 400


def test_a_proxy_that_reads_no_request_is_told() -> None:
    """Where every path is malformed to a proxy, the address is not to blame: something precedes the requests."""
    page = "<html><head><title>400 Bad Request</title></head><hr><center>nginx/1.22.1</center></html>"
    with site(always(Answer(400, page))) as there:
        found = looked_at(there.url).finding
    assert found is not None
    assert (found.kind.id, found.kind.layer) == ("request-refused", "proxy")
    assert "PROXY protocol" in found.remedy


@pytest.mark.parametrize(("path", "kind"), [("/ml", "path-unknown-to-mlflow"), ("", "no-mlflow-at-this-path")])
def test_a_prefix_that_is_not_taken_off_is_told(path: str, kind: str) -> None:
    """MLflow's page for an unknown path, from behind a proxy, says that the path arrives with the proxy's prefix."""
    with site(always(Answer(404, FLASK_404, {"Server": "nginx"}))) as there:
        found = looked_at(f"{there.url}{path}").finding
    assert found is not None
    assert found.kind.id == kind


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"status": "success", "data": EXPERIMENTS}, "under 'data'"),
        ({"statusCode": 200, "body": json.dumps(EXPERIMENTS)}, "under 'body'"),
        (f"{json.dumps(json.dumps(EXPERIMENTS))}", "as a text"),
    ],
)
def test_answers_inside_another_document_are_told(body: object, told: str) -> None:
    """Where MLflow's list is part of another document, the address is right, and the operator is to act."""
    with site(always(Answer(200, body, {"Content-Type": "application/json"}))) as there:
        found = looked_at(there.url).finding
    assert found is not None
    assert (found.kind.id, found.kind.layer) == ("answer-inside-another", "proxy")
    assert told in found.sentence


def test_a_served_model_is_no_tracking_server() -> None:
    """What tells its version and takes inputs is a model that MLflow serves."""

    def answering(asked: Asked) -> Answer:
        told = {"/version": Answer(200, "3.17.2"), "/invocations": Answer(405, {"detail": "Method Not Allowed"})}
        return told.get(asked.path, Answer(404, {"detail": "Not Found"}))

    with site(answering) as there:
        found = looked_at(there.url).finding
    assert found is not None
    assert "a model that MLflow serves" in found.sentence


@pytest.mark.parametrize(
    ("location", "own_store", "direct"),
    [("s3://bucket/1", "in order", True), ("s3://bucket/1", "", False), ("mlflow-artifacts:/1", "in order", False)],
)
def test_who_has_store_credentials_may_pass_the_door_by(location: str, own_store: str, *, direct: bool) -> None:
    """Artifacts in a bucket are no fault for a client with credentials for it: they are not seen, and that is owed."""
    experiment = {"experiment_id": "1", "name": "one", "artifact_location": location}

    def answering(asked: Asked) -> Answer:
        return Answer(200, {"experiments": [experiment]}) if asked.path.startswith(SEARCH_PATH) else mlflow(asked)

    with site(answering) as there:
        facts = Facts()
        target = target_at(Door("given", there.url, own_store=own_store), None)
        (door,) = examine_target(target, "run-1", facts).target.doors
    assert (door.direct, [fact.name for fact in facts.missed]) == (direct, ["put.P"] if direct else [])
    assert location in facts["put.P"].sentence if direct else "put.P" not in facts


@pytest.mark.parametrize("dropped", [("mlflow",), ("mlflow", "python", "curl")])
def test_a_client_name_that_gets_no_answer_is_told(dropped: tuple[str, ...]) -> None:
    """A filter that closes the connection on the client's User-Agent, or on every program's, answers another one."""

    def answering(asked: Asked) -> Answer:
        if any(name in asked.headers["user-agent"] for name in dropped):
            raise ConnectionAbortedError
        return mlflow(asked)

    with site(answering) as there:
        found = looked_at(there.url).finding
    assert found is not None
    assert (found.kind.id, found.kind.layer) == ("client-name-refused", "proxy")
    assert "gives no answer to the User-Agent of the MLflow client" in found.sentence


@pytest.mark.parametrize("answer", [Answer(404, FLASK_404), Answer(404, NGINX_502)])
def test_an_mlflow_whose_page_alone_is_reached_is_told(answer: Answer) -> None:
    """MLflow's page answers at the address, and its API does not: the path is changed or led elsewhere on the way."""
    page = Answer(200, "<!doctype html><html><head><title>MLflow</title></head></html>")
    with site(lambda asked: page if asked.path == "/" else answer) as there:
        found = looked_at(there.url).finding
    assert found is not None
    assert (found.kind.id, found.kind.layer) == ("api-not-passed-on", "proxy")
    assert ("changed on the way" in found.sentence) is (answer.body == FLASK_404)


@pytest.mark.parametrize("names", [("mlflow", "python"), ("mlflow", "python", "curl")])
def test_a_refused_client_name_is_told(names: tuple[str, ...]) -> None:
    """A proxy that refuses the User-Agent of the MLflow client, or of every program, is told as that."""

    def answering(asked: Asked) -> Answer:
        refused = asked.headers["user-agent"].startswith(names)
        return Answer(403, "<title>403 Forbidden</title>") if refused else mlflow(asked)

    with site(answering) as there:
        found = looked_at(there.url).finding
    assert found is not None
    assert found.kind.id == "client-name-refused"
    assert "answered 200" in found.sentence


@pytest.mark.parametrize(
    ("header", "product"),
    [
        ({"Server": "envoy"}, "envoy"),
        ({"Server": "nginx/1.25"}, "nginx"),
        ({"Server": "awselb/2.0"}, "aws-alb"),
        ({"Server": "cloudflare", "CF-RAY": "1"}, "cloudflare"),
        ({"Server": "uvicorn"}, "application"),
        ({"Server": "uvicorn", "Via": "1.1 Caddy"}, "caddy"),
        ({}, "unknown"),
    ],
)
def test_who_answers_is_known_by_what_it_says(header: dict[str, str], product: str) -> None:
    """The product in front is told by its headers, and nothing is guessed if it says nothing."""

    def answering(asked: Asked) -> Answer:
        answer = mlflow(asked)
        return Answer(answer.status, answer.body, header)

    with site(answering) as there:
        assert looked_at(there.url).product.id == product


def test_a_document_of_mlflow_s_errors_is_one_of_mlflow() -> None:
    """An error of MLflow's own about the search leaves the matter to the probes."""
    error = Answer(400, {"error_code": "INVALID_PARAMETER_VALUE", "message": "workspace"})
    answering: Answering = lambda asked: error if SEARCH_PATH in asked.path else mlflow(asked)  # noqa: E731 - as above
    with site(answering) as there:
        assert looked_at(there.url).finding is None
        assert json.dumps(error.body)
