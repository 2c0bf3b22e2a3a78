"""Models and artifacts that the client sends to another place than the address that is tested."""

from __future__ import annotations

import itertools
import socket
from dataclasses import replace

import pytest

from registry_conformance.judge.diagnosis.doctor import target_at
from registry_conformance.judge.diagnosis.facts import Facts
from registry_conformance.judge.diagnosis.met_by_clients import BROKEN_ANSWERS
from registry_conformance.judge.diagnosis.preflight import examine
from registry_conformance.judge.diagnosis.preflight.target import examine_target
from registry_conformance.judge.live.usual_registry import named_objects, usual_registry
from registry_conformance.judge.target.target import Door
from tests.web_answers import SEARCH_PATH, Answer, Answering, Asked, mlflow, site

_NOT_SERVED = Answer(503, {"error_code": "X", "message": "Artifact serving is disabled (--no-serve-artifacts)"})


@pytest.mark.parametrize(
    ("registry", "told"),
    [
        ("", ""),
        ("{url}/", ""),
        ("http://eva:secret@{host}", ""),
        ("http://other.example:abc", "an address that cannot be read"),
        ("http://[::1", "an address that cannot be read"),
        ("http://other.example:5000", "http://other.example:5000"),
        ("http://eva:secret@other.example", "http://other.example,"),
        ("databricks-uc", "databricks-uc"),
    ],
)
def test_models_that_go_elsewhere_are_told(registry: str, told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another MLFLOW_REGISTRY_URI than the address is told as it is, without what stands for a user in it."""
    with site(mlflow) as there:
        monkeypatch.setenv("MLFLOW_REGISTRY_URI", registry.format(url=there.url, host=there.url.partition("//")[2]))
        found = examine(Door("given", there.url, registry=usual_registry()), None, "run-1").finding
    assert (found is not None) == bool(told)
    if found is not None:
        assert (found.kind.id, found.kind.layer) == ("client-registry", "client")
        assert told in found.sentence
        assert "secret" not in found.sentence


@pytest.mark.parametrize(
    ("variable", "status", "told"),
    [
        ("MLFLOW_RUN_ID", 404, "names the run 3f2a, which this MLflow does not have"),
        ("MLFLOW_EXPERIMENT_ID", 404, "names the experiment 3f2a, which this MLflow does not have"),
        ("MLFLOW_EXPERIMENT_NAME", 404, ""),
        ("MLFLOW_EXPERIMENT_NAME", 403, "names the experiment 3f2a, which this credential may not read"),
        ("MLFLOW_EXPERIMENT_ID", 403, "names the experiment 3f2a, which this credential may not read"),
        ("MLFLOW_RUN_ID", 200, ""),
    ],
)
def test_what_variables_name_and_is_missing_is_told(
    variable: str, status: int, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run or an experiment that the environment names, and MLflow does not have, ends the client."""

    def answering(asked: Asked) -> Answer:
        if "3f2a" not in asked.path:
            return mlflow(asked)
        codes = {404: "RESOURCE_DOES_NOT_EXIST", 403: "PERMISSION_DENIED"}
        return Answer(status, {"error_code": codes[status], "message": "no"} if status in codes else {})

    monkeypatch.setenv(variable, "3f2a")
    with site(answering) as there:
        found = examine(Door("given", there.url, named=named_objects()), None, "run-1").finding
    assert (found is not None) == bool(told)
    if found is not None:
        denied = "denied" if status == 403 else "missing"
        assert (found.kind.id, found.kind.layer) == (f"client-names-what-is-{denied}", "client")
        assert told in found.sentence


@pytest.mark.parametrize(
    ("variable", "shown"),
    [
        ("MLFLOW_EXPERIMENT_NAME", {"experiment": {"name": "3f2a", "lifecycle_stage": "deleted"}}),
        ("MLFLOW_RUN_ID", {"run": {"info": {"run_id": "3f2a", "lifecycle_stage": "deleted"}}}),
    ],
)
def test_what_variables_name_and_is_deleted_is_told(
    variable: str, shown: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kind: a thing that is found and serves nobody. MLflow shows what is deleted, and lets nobody log there."""
    monkeypatch.setenv(variable, "3f2a")
    with site(lambda asked: Answer(200, shown) if "3f2a" in asked.path else mlflow(asked)) as there:
        found = examine(Door("given", there.url, named=named_objects()), None, "run-1").finding
    assert found is not None
    assert (found.kind.id, found.kind.layer) == ("client-names-what-is-deleted", "client")


@pytest.mark.parametrize(
    ("shown", "told"),
    [
        (Answer(404, {"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "no"}), "does not exist"),
        (Answer(200, {"experiment": {"experiment_id": "0", "lifecycle_stage": "deleted"}}), "is deleted"),
        (Answer(200, {"experiment": {"experiment_id": "0", "lifecycle_stage": "active"}}), ""),
        (Answer(403, {"error_code": "PERMISSION_DENIED", "message": "no"}), ""),
        (Answer(404, "<title>404 Not Found</title>"), ""),
    ],
)
def test_a_default_experiment_that_is_not_there_is_noted(shown: Answer, told: str) -> None:
    """Kind: a client that names no experiment. It logs into the one with the id 0, which may be gone."""
    facts = Facts()
    with site(lambda asked: shown if "experiment_id=0" in asked.path else mlflow(asked)) as there:
        examine_target(target_at(Door("given", there.url), None), "run-1", facts)
    assert ("first.default.P" in facts) == bool(told)
    assert told in (facts["first.default.P"].sentence if told else "")
    assert not facts.anomalies


def test_a_route_that_something_before_mlflow_refuses_is_no_permission(monkeypatch: pytest.MonkeyPatch) -> None:
    """Kind: a list of routes that lacks one. The variable is in order, and its user has nothing to mend."""
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", "fraud prod")

    def answering(asked: Asked) -> Answer:
        return Answer(403, "<title>403 Forbidden</title>") if "get-by-name" in asked.path else mlflow(asked)

    with site(answering) as there:
        assert examine(Door("given", there.url, named=named_objects()), None, "run-1").finding is None


@pytest.mark.parametrize(
    ("location", "told_more"),
    [
        ("mlflow-artifacts:/7", ""),
        ("s3://acme-old/churn", "(its artifacts lie at s3:, not behind this address"),
        ("/mnt/mlruns/7", "(its artifacts lie at a path on a disk, not"),
    ],
)
def test_what_variables_name_and_is_there_is_told_as_not_tried(
    location: str, told_more: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kind: an experiment of others. Nothing is written there; that is said, and where it keeps its artifacts."""
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", "fraud prod")
    facts = Facts()

    def answering(asked: Asked) -> Answer:
        shown = {"name": "fraud prod", "artifact_location": location}
        return Answer(200, {"experiment": shown}) if "get-by-name" in asked.path else mlflow(asked)

    with site(answering) as there:
        door = Door("given", there.url, named=named_objects())
        examine_target(target_at(door, None), "run-1", facts)
    told = facts["first.named.P"].sentence
    assert "not tried: the experiment fraud prod, which MLFLOW_EXPERIMENT_NAME names" in told
    assert told_more in told
    assert told_more or "artifacts lie" not in told


def test_versions_that_change_by_turns_are_all_seen() -> None:
    """Replicas of different versions answer by turns: each version is told."""
    turns = itertools.cycle(["2.22.5", "3.17.2"])
    facts = Facts()

    def answering(asked: Asked) -> Answer:
        return Answer(200, next(turns)) if asked.path == "/version" else mlflow(asked)

    with site(answering) as there:
        examine_target(target_at(Door("given", there.url), None), "run-1", facts)
    assert facts.value("version.turns.P") == "2.22.5 3.17.2"
    assert not facts["version.turns.P"].normal


def _keeping(location: str, files: Answer) -> Answering:
    """Return an MLflow that shows one experiment with such a location, and answers artifact routes so."""
    experiment = {"experiment_id": "1", "name": "one", "artifact_location": location}

    def answering(asked: Asked) -> Answer:
        if asked.path.startswith(SEARCH_PATH):
            return Answer(200, {"experiments": [experiment]})
        return files if "mlflow-artifacts" in asked.path else mlflow(asked)

    return answering


@pytest.mark.parametrize(
    ("files", "listens", "elsewhere"),
    [(_NOT_SERVED, True, True), (_NOT_SERVED, False, False), (Answer(200, {"files": []}), True, False)],
)
def test_a_server_of_artifacts_alone_stands_for_the_door(files: Answer, *, listens: bool, elsewhere: bool) -> None:
    """Artifacts at a host that is reached are no fault of an MLflow that serves none: they are not seen, and owed."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        place = f"127.0.0.1:{server.getsockname()[1]}"
        if not listens:
            server.close()
        with site(_keeping(f"mlflow-artifacts://{place}/1", files)) as there:
            facts = Facts()
            target = target_at(replace(Door("given", there.url), patience=2.0), None)
            (door,) = examine_target(target, "run-1", facts).target.doors
    assert (door.direct, [fact.name for fact in facts.missed]) == (elsewhere, ["put.P"] if elsewhere else [])


@pytest.mark.parametrize(
    ("listed", "named"), [("200 json empty", "stored-files-not-listed"), ("200 json", "artifacts-at-another-mlflow")]
)
def test_files_that_no_list_shows_are_the_store_s(listed: str, named: str) -> None:
    """Where the artifact route lists nothing either, no second MLflow is to blame."""
    facts = Facts()
    for name, value in (("get.P", "200 whole"), ("list.P", listed), ("register.known.P", "200 json empty")):
        facts.record(name, value, name, "works")
    first = next(each for each in BROKEN_ANSWERS if each.holds(facts))
    assert first.id == named
