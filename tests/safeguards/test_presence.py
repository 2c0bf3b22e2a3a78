"""What an answer says of a thing: MLflow's own words alone count.

Kind: an answer that is believed. A 404 of a proxy was taken for "gone" while the object lay in the bucket.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from registry_conformance.judge.evidence.exchange import Body, Exchange
from registry_conformance.judge.live.presence import (
    Observation,
    State,
    is_mlflow,
    of_experiment,
    of_experiment_id,
    of_files,
    of_model,
)

NAME = "verify-20300101-000000-abcdef-m"
JSON, HTML = "application/json", "text/html"


def met(status: int | None, said: Any, content_type: str = JSON) -> Exchange:
    """Return an answer."""
    text = said if isinstance(said, str) else json.dumps(said)
    headers = (("Content-Type", content_type),)
    return Exchange("GET", "http://x", "d", status, response_headers=headers, response_body=Body.of([text.encode()]))


def missing(message: str, code: str = "RESOURCE_DOES_NOT_EXIST") -> dict[str, str]:
    """Return MLflow's own form of an error."""
    return {"error_code": code, "message": message}


@pytest.mark.parametrize(
    ("status", "said", "state"),
    [
        (200, {"registered_model": {"name": NAME}}, State.THERE),
        (200, {"registered_model": {"name": "theirs"}}, State.UNKNOWN),
        (200, {"registered_model": {"name": NAME.upper()}}, State.UNKNOWN),
        (200, {"registered_model": {"name": NAME.replace("m", "\uff4d")}}, State.UNKNOWN),
        (404, missing(f"Registered Model with name={NAME.upper()} not found"), State.UNKNOWN),
        (200, {"registered_model": NAME}, State.UNKNOWN),
        (200, {"registered_model": [NAME]}, State.UNKNOWN),
        (200, {}, State.UNKNOWN),
        (404, {"registered_model": {"name": NAME}}, State.UNKNOWN),
        (404, missing(f"Registered Model with name={NAME} not found"), State.GONE),
        (404, missing("Registered Model with name=theirs not found"), State.UNKNOWN),
        (404, missing(f"Registered Model with name={NAME}-2 not found"), State.UNKNOWN),
        (404, missing(f"Registered Model with name=x-{NAME} not found"), State.UNKNOWN),
        (404, missing(f"No route for {NAME}", "ENDPOINT_NOT_FOUND"), State.UNKNOWN),
        (404, {"detail": f"{NAME} not found"}, State.UNKNOWN),
        (404, [NAME], State.UNKNOWN),
        (403, missing(f"Registered Model with name={NAME} not found"), State.UNKNOWN),
        (500, missing(f"Registered Model with name={NAME} not found"), State.UNKNOWN),
        (404, "<h1>404 Not Found</h1>", State.UNKNOWN),
        (403, "Permission denied", State.DENIED),
        (404, "Permission denied", State.UNKNOWN),
        (403, f"Permission denied for {NAME}", State.UNKNOWN),
        (None, "", State.UNKNOWN),
    ],
)
def test_model_is_gone_if_mlflow_says_so_of_this_name(status: int | None, said: Any, state: State) -> None:
    """A model is gone if MLflow says so of this very name, and there if MLflow tells of it."""
    assert of_model(met(status, said), NAME).state is state


@pytest.mark.parametrize(("stage", "state"), [("active", State.THERE), ("deleted", State.DELETED), (None, State.THERE)])
def test_stage_of_an_experiment_is_mlflows_word(stage: str | None, state: State) -> None:
    """The stage of an experiment is what MLflow says of it, by name or by id."""
    about = {"name": NAME, "experiment_id": "7", **({"lifecycle_stage": stage} if stage else {})}

    assert of_experiment(met(200, {"experiment": about}), NAME) == Observation(
        state, str(met(200, {"experiment": about})), about
    )
    assert of_experiment_id(met(200, {"experiment": about}), "7").state is state
    assert of_experiment_id(met(200, {"experiment": about}), "8").state is State.UNKNOWN
    assert of_experiment(met(200, {"experiment": about}), "other").about == about


@pytest.mark.parametrize("said", [{"experiment": NAME}, {"experiment": [7]}, {}, []])
def test_nothing_is_told_of_an_experiment_in_no_form(said: Any) -> None:
    """Of an answer that is in no form of MLflow's nothing is told."""
    assert of_experiment(met(200, said), NAME) == Observation(State.UNKNOWN, str(met(200, said)), {})


def test_mlflow_is_known_by_its_words_about_nobodys_model() -> None:
    """MLflow is known by its error for a name that nobody gave; no other answer is taken for it."""
    others = (met(200, {}), met(404, missing("x not found")), met(200, {"registered_model": {"name": NAME}}))

    assert is_mlflow(met(404, missing(f"Registered Model with name={NAME} not found")), NAME)
    assert is_mlflow(met(403, "Permission denied", HTML), NAME)
    assert not any(is_mlflow(other, NAME) for other in others)


def test_experiment_is_gone_by_its_id() -> None:
    """An experiment is gone if MLflow says so of this very id."""
    assert of_experiment_id(met(404, missing("No Experiment with id=7 exists")), "7").state is State.GONE
    assert of_experiment_id(met(404, missing("No Experiment with id=17 exists")), "7").state is State.UNKNOWN


@pytest.mark.parametrize(
    ("answer", "name", "state"),
    [
        (met(200, {"files": [{"path": "a.bin"}]}), "a.bin", State.THERE),
        (met(200, {"files": [{"path": "x/a.bin"}]}), "a.bin", State.THERE),
        (met(200, {"files": [{"path": "b.bin"}]}), "a.bin", State.GONE),
        (met(200, {"files": [{"path": "b.bin"}]}), "", State.THERE),
        (met(200, {"files": ["a.bin"]}), "a.bin", State.UNKNOWN),
        (met(200, {"files": [{"name": "a.bin"}]}), "a.bin", State.UNKNOWN),
        (met(200, {"files": [{"path": "b.bin"}, {}]}), "a.bin", State.UNKNOWN),
        (met(200, {"files": [{"path": "b.bin"}, None]}), "", State.UNKNOWN),
        (met(200, {"files": [{"path": ""}]}), "", State.UNKNOWN),
        (met(200, {}), "a.bin", State.GONE),
        (met(200, {}), "", State.GONE),
        (met(200, {"files": []}), "", State.GONE),
        (met(200, {"files": None}), "", State.UNKNOWN),
        (met(200, []), "", State.UNKNOWN),
        (met(200, {"status": "ok"}), "", State.UNKNOWN),
        (met(200, {}, HTML), "", State.UNKNOWN),
        (met(200, "<html>", HTML), "", State.UNKNOWN),
        (met(404, missing("Not Found")), "a.bin", State.UNKNOWN),
        (met(404, {}), "a.bin", State.UNKNOWN),
        (met(503, {}), "a.bin", State.UNKNOWN),
    ],
)
def test_file_is_gone_if_mlflow_lists_its_folder_without_it(answer: Exchange, name: str, state: State) -> None:
    """A file is gone if MLflow lists its folder without it; any other answer tells nothing."""
    assert of_files(answer, name).state is state


@pytest.mark.parametrize(
    ("files", "name", "folders"),
    [
        ([{"path": "a", "is_dir": True}], "a", ["a"]),
        ([{"path": "x/b", "is_dir": True}, {"path": "a", "is_dir": True}], "", ["a", "b"]),
        ([{"path": "a", "is_dir": True}, {"path": "b", "is_dir": False}], "a", ["a"]),
        ([{"path": "a", "is_dir": True}, {"path": "b", "is_dir": False}], "", None),
        ([{"path": "a", "is_dir": False}], "a", None),
        ([{"path": "a", "is_dir": "true"}], "a", None),
        ([{"path": "a"}], "a", None),
    ],
)
def test_folders_are_told_if_nothing_else_is_listed(
    files: list[dict[str, Any]], name: str, folders: list[str] | None
) -> None:
    """Where folders alone are listed they are told, so that somebody looks into them; one file is enough."""
    sight = of_files(met(200, {"files": files}), name)

    assert sight.state is State.THERE
    assert sight.about.get("folders") == folders
