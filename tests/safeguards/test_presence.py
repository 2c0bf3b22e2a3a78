"""What an answer says of a thing: MLflow's own words alone count.

Kind: an answer that is believed. A 404 of a proxy was taken for "gone" while the object lay in the bucket.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import pytest

from registry_conformance.judge.evidence.exchange import Body, Exchange
from registry_conformance.judge.live.presence import (
    NotKnownError,
    Observation,
    State,
    StillThereError,
    is_mlflow,
    need,
    of_experiment,
    of_experiment_id,
    of_files,
    of_folder,
    of_logged_model,
    of_model,
    of_run,
    of_trace,
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


def test_what_is_there_unasked_is_told_without_a_request() -> None:
    """What is still there although nothing was sent to remove it is told by what was seen alone."""
    with pytest.raises(StillThereError, match=r"^it is still there: seen$"):
        need(Observation(State.THERE, "seen"), State.GONE, None)


@pytest.mark.parametrize(
    ("state", "error"),
    [
        (State.DELETED, None),
        (State.GONE, None),
        (State.THERE, StillThereError),
        (State.UNKNOWN, NotKnownError),
        (State.DENIED, NotKnownError),
    ],
)
def test_what_is_no_more_is_needed(state: State, error: type[Exception] | None) -> None:
    """Deleted, as wanted, or gone is enough; what is not known is told apart from what is still there."""
    with pytest.raises(error) if error else nullcontext():
        need(Observation(state, "seen"), State.DELETED, None)


def test_what_is_there_still_is_told_with_what_was_sent() -> None:
    """What is still there after a removal is told with the removal's answer."""
    with pytest.raises(StillThereError, match="seen, after GET"):
        need(Observation(State.THERE, "seen"), State.GONE, met(200, {}))


@pytest.mark.parametrize(
    ("said", "state", "entries"),
    [
        ({"files": [{"path": "a", "is_dir": True}, {"path": "x/b"}]}, State.THERE, {"a": True, "b": False}),
        ({}, State.GONE, {}),
        ({"status": "ok"}, State.UNKNOWN, None),
    ],
)
def test_folder_tells_its_entries(said: dict[str, Any], state: State, entries: dict[str, bool] | None) -> None:
    """A listing tells each entry and whether it is a folder; what is none tells no entries."""
    sight = of_folder(met(200, said))

    assert sight.state is state
    assert sight.about.get("entries") == entries


PLACE = {"mlflow_experiment": {"experiment_id": "7"}}


@pytest.mark.parametrize(
    ("read", "said", "experiment"),
    [
        (of_run, {"run": {"info": {"run_id": "i", "experiment_id": "7"}}}, "7"),
        (of_run, {"run": {"info": {"run_id": "j", "experiment_id": "7"}}}, ""),
        (of_run, {"run": {"info": "i"}}, ""),
        (of_run, {"run": "i"}, ""),
        (of_logged_model, {"model": {"info": {"model_id": "i", "experiment_id": "7"}}}, "7"),
        (of_logged_model, {"model": {"info": {"experiment_id": "7"}}}, ""),
        (of_trace, {"trace": {"trace_info": {"trace_id": "i", "trace_location": PLACE}}}, "7"),
        (of_trace, {"trace": {"trace_info": {"trace_id": "i", "trace_location": "7"}}}, ""),
        (of_trace, {"trace": {"trace_info": {"trace_id": "j", "trace_location": PLACE}}}, ""),
    ],
)
def test_owner_is_told_of_this_very_thing(
    read: Callable[[Exchange, str], Observation], said: dict[str, Any], experiment: str
) -> None:
    """To which experiment a run, a logged model or a trace belongs is told by MLflow's answer about that id alone."""
    sight = read(met(200, said), "i")

    assert (str(sight.about.get("experiment_id", "")) if sight.state is State.THERE else "") == experiment
