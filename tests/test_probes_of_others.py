"""What probes make of targets of others: where they upload, whom MLflow lets, and what was not asked."""

from __future__ import annotations

import itertools
import time

import pytest

from registry_conformance.judge.diagnosis.budget import Budget
from registry_conformance.judge.diagnosis.facts import Facts
from registry_conformance.judge.diagnosis.probe_context import ProbeContext
from registry_conformance.judge.diagnosis.probes import silence
from registry_conformance.judge.diagnosis.probes.access import nobody
from registry_conformance.judge.diagnosis.probes.concurrency import together
from registry_conformance.judge.diagnosis.probes.routes import families
from registry_conformance.judge.target.policy import GUARDED, OPEN
from registry_conformance.judge.target.target import Door, Target
from tests.refusal_pages import FLASK_404, NGINX_404
from tests.web_answers import Answer, Answering, Asked, site

FORBIDDEN = Answer(403, "Permission denied")
"""How MLflow's basic-auth refuses a user who has no permission."""


RUN = "0123456789abcdef0123456789abcdef"


def server(location: str, created: int = 200, run: str = "") -> Answering:
    """Answer as an MLflow that makes an experiment whose files lie at a location, and a run in it."""

    def answer(asked: Asked) -> Answer:
        if "runs/create" in asked.path and run:
            return Answer(200, {"run": {"info": {"run_id": run}}})
        if "experiments/create" in asked.path:
            return Answer(created, {"experiment_id": "7"} if created == 200 else {"error_code": "PERMISSION_DENIED"})
        return Answer(200, {"experiment": {"experiment_id": "7", "artifact_location": location}})

    return answer


def ordinary_user(asked: Asked) -> Answer:
    """Answer an ordinary user as MLflow's basic-auth does: files of an own experiment are shown, and no others."""
    if "mlflow-artifacts" in asked.path:
        return Answer(200, {"files": []}) if "path=7/" in asked.path else FORBIDDEN
    if "registered-models/" in asked.path or "logged-models" in asked.path or "get-artifact" in asked.path:
        return FORBIDDEN
    return server("mlflow-artifacts:/7")(asked)


def context_at(url: str) -> ProbeContext:
    """Return what probes stand on at a server."""
    door = Door("canonical", url, policy=OPEN)
    return ProbeContext(Target("x", "live", (door,), {}), "run", Facts(), Budget(), door)


@pytest.mark.parametrize(
    ("answering", "folder"),
    [
        (server("mlflow-artifacts:/7"), "7/"),
        (server("mlflow-artifacts:/7", run=RUN), f"7/{RUN}/artifacts/"),
        (server("mlflow-artifacts:/7", run="of another form"), "7/"),
        (server("mlflow-artifacts:/team/7", run=RUN), f"team/7/{RUN}/artifacts/"),
        (server("mlflow-artifacts:/8/7", run=RUN), ""),
        (server("mlflow-artifacts://another.example/7", run=RUN), ""),
        (server("s3://bucket/prefix/7"), ""),
        (server("mlflow-artifacts:/7", created=403), ""),
    ],
    ids=["served", "in-a-run", "no-run", "root", "elsewhere", "another-server", "in-a-bucket", "may-not-create"],
)
def test_uploads_lie_in_an_experiment_of_the_run(answering: Answering, folder: str) -> None:
    """Kind: the reference's shape. An ordinary user of MLflow's basic-auth may write in own experiments alone."""
    with site(answering) as there:
        context = context_at(there.url)

        assert context.folder == f"{folder}{context.name}"


def test_where_others_may_write_nothing_an_ordinary_user_is_not_turned_away() -> None:
    """What nobody made is "Permission denied" to an ordinary user, and that is no refusal of a route."""
    with site(ordinary_user) as there:
        context = context_at(there.url)
        families(context)

    told = {
        name: context.facts[name] for name in ("route.logged.P", "route.get-artifact.P", "route.version-artifact.P")
    }
    assert {name: fact.value for name, fact in told.items() if not fact.normal} == {}
    assert context.facts.value("route.listing.P") == "all 200 json"


@pytest.mark.parametrize(
    ("elsewhere", "passed"),
    [
        (Answer(404, NGINX_404), False),
        (Answer(404, "default backend - 404"), False),
        (Answer(404, {"message": "no Route matched with those values"}), False),
        (Answer(404, FLASK_404), True),
        (Answer(404, {"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "none"}), True),
    ],
    ids=["nginx", "ingress", "kong", "mlflow-framework", "mlflow"],
)
def test_a_route_that_is_not_there_lets_no_stranger_in(elsewhere: Answer, *, passed: bool) -> None:
    """Where only the API is routed, a 404 of the proxy's for the rest shows nothing; one of MLflow does."""

    def answer(asked: Asked) -> Answer:
        return Answer(401, {"detail": "no key"}) if asked.path.startswith("/api/") else elsewhere

    with site(answer) as there:
        door = Door("canonical", there.url, policy=GUARDED)
        context = ProbeContext(Target("x", "live", (door,), {}), "run", Facts(), Budget(), door)
        nobody(context)
    assert ("ajax:404" in context.facts.value("open.main.P")) is passed


@pytest.mark.parametrize(("silent", "told"), [({0, 1, 3}, "1 of 3"), ({0, 1, 2, 3, 4}, "0 of 3"), ({0}, "8 of 8")])
def test_a_search_without_an_answer_is_sent_again_by_turns(
    silent: set[int], told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What answers it at once in between hangs in part; what never answers, or always does by now, does not."""
    monkeypatch.setattr(silence, "_PATIENCE", 0.5)
    turns = itertools.count(1)

    def answering(_: Asked) -> Answer:
        if next(turns) in silent:
            time.sleep(1.5)
        return Answer(200, {"experiments": []})

    with site(answering) as there:
        context = context_at(there.url)
        context.facts.record("doors.search.P", "all timeout", "a search", "all 200 json")
        silence.by_turns(context)
    assert context.facts.value("doors.turns.P") == told


def test_what_was_not_asked_together_did_not_fail() -> None:
    """Kind: unseen is not healthy, and not broken either. After time-outs searches are not sent, and tell nothing."""
    with site(server("mlflow-artifacts:/7")) as there:
        context = context_at(there.url)
        context.waits.late["P GET metadata"] = 3
        together(context, "P")

    assert not context.facts["together.P"].seen
    assert not context.facts["held.P"].seen
