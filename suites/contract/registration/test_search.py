"""Searching finds what the filter says, in the order asked for, page by page without gaps."""

from __future__ import annotations

import pytest

from fixtures.doors import one_door
from fixtures.essentials import Unique
from fixtures.registry import Version
from fixtures.runs import Run
from registry_conformance.judge.clients.mlflow_http import MlflowHttp
from registry_conformance.judge.clients.pages import all_pages, by_page
from registry_conformance.judge.expect import expect_equal, expect_refused, expect_status, require
from registry_conformance.judge.requirement import verifies

pytestmark = one_door

NO_TOKEN = {"page_token": "bm90IGEgdG9rZW4="}
SEARCHES = ["experiments", "runs", "registered-models", "model-versions"]


@verifies("REG-032")
@pytest.mark.parametrize("order", ["ASC", "DESC"])
def test_models_are_paged_without_gaps(door: MlflowHttp, origin: MlflowHttp, unique: Unique, order: str) -> None:
    """Pages of a model search hold every model once, in order."""
    family = unique("family")
    names = [f"{family}-{letter}" for letter in "abcde"]
    given_all = [require(door.create_model(name), 200).status for name in names]
    asked: dict[str, str | int] = {"filter": f"name LIKE '{family}%'", "order_by": f"name {order}", "max_results": 2}
    pages = all_pages(door, "registered-models/search", "registered_models", **asked)
    there = all_pages(origin, "registered-models/search", "registered_models", **asked)
    expected = {"ASC": names, "DESC": names[::-1]}[order]

    expect_equal(given_all, [200] * 5, "statuses")
    expect_equal(by_page(pages, "name"), [expected[:2], expected[2:4], expected[4:]], "pages")
    expect_equal(there, pages, "pages at the origin")


@verifies("REG-032")
def test_models_are_filtered_by_tag(door: MlflowHttp, unique: Unique) -> None:
    """A model search by tag finds exactly the models that carry it."""
    tagged, other, value = unique("tagged"), unique("other"), unique("value")
    require(door.create_model(tagged), 200)
    require(door.create_model(other), 200)
    require(door.post("registered-models/set-tag", name=tagged, key="owner", value=value), 200)
    require(door.post("registered-models/set-tag", name=other, key="owner", value="somebody else"), 200)
    found = expect_status(door.get("registered-models/search", filter=f"tags.owner = '{value}'"), 200).document

    expect_equal([model["name"] for model in found["registered_models"]], [tagged], "models")


@verifies("REG-033")
def test_versions_are_filtered_by_run_and_tag(door: MlflowHttp, run: Run, other_run: Run, version: Version) -> None:
    """A version search by run or tag finds exactly these."""
    require(door.create_version(version.name, f"{other_run.location}/m", other_run.id), 200)
    require(
        door.post("model-versions/set-tag", name=version.name, version="2", key="hokusai_status", value="live"), 200
    )
    filters = [f"run_id = '{run.id}'", f"name = '{version.name}' AND tags.hokusai_status = 'live'"]
    answers = [door.get("model-versions/search", filter=filter_by) for filter_by in filters]
    found = [expect_status(each, 200).document["model_versions"] for each in answers]

    expect_equal(by_page(found, "version"), [["1"], ["2"]], "versions by run and by tag")


@verifies("REG-033")
def test_versions_are_paged_without_gaps(door: MlflowHttp, run: Run, model: str) -> None:
    """Pages of a version search hold every version once, in order."""
    made = [require(door.create_version(model, f"{run.location}/{n}", run.id), 200).status for n in range(5)]
    asked: dict[str, str | int] = {"filter": f"name = '{model}'", "order_by": "version_number ASC", "max_results": 2}
    pages = all_pages(door, "model-versions/search", "model_versions", **asked)

    expect_equal(len(made), 5, "versions made")
    expect_equal(by_page(pages, "version"), [["1", "2"], ["3", "4"], ["5"]], "pages")


@verifies("REG-034")
@pytest.mark.parametrize(
    ("filter_by", "names"),
    [
        ("metrics.score > 0.5", ["good"]),
        ("metrics.score <= 0.5", ["bad"]),
        ("params.depth = '3'", ["bad", "good"]),
        ("tags.team = 'red' AND metrics.score < 0.9", ["bad"]),
        ("attributes.run_name = 'good'", ["good"]),
        ("tags.team = 'nobody'", []),
    ],
    ids=["metric-above", "metric-below", "param", "tag-and-metric", "name", "none"],
)
def test_runs_are_filtered(door: MlflowHttp, own_experiment: str, filter_by: str, names: list[str]) -> None:
    """A run search finds exactly the runs that the filter says."""
    made = [
        require(door.create_run(own_experiment, name), 200).document["run"]["info"]["run_id"]
        for name in ("good", "bad")
    ]
    facts = {"params": [{"key": "depth", "value": "3"}], "tags": [{"key": "team", "value": "red"}]}
    scores = [[{"key": "score", "value": value, "timestamp": 1, "step": 0}] for value in (0.95, 0.5)]
    logged = [
        door.post("runs/log-batch", run_id=each, metrics=score, **facts)
        for each, score in zip(made, scores, strict=True)
    ]
    asked = {"experiment_ids": [own_experiment], "filter": filter_by, "max_results": 10}
    found = expect_status(door.post("runs/search", **asked), 200).document

    expect_equal([each.status for each in logged], [200, 200], "statuses")
    expect_equal(sorted(one["info"]["run_name"] for one in found.get("runs", [])), names, "runs")


@verifies("REG-034")
def test_runs_are_ordered_by_metric(door: MlflowHttp, origin: MlflowHttp, own_experiment: str) -> None:
    """A run search brings runs in the order of a metric, page by page."""
    made = [
        require(door.create_run(own_experiment, f"run-{n}"), 200).document["run"]["info"]["run_id"] for n in (0, 1, 2)
    ]
    logged = [
        door.post("runs/log-metric", run_id=each, key="score", value=value, timestamp=1, step=0).status
        for each, value in zip(made, (0.2, 0.9, -1.5), strict=True)
    ]
    asked = {"experiment_ids": [own_experiment], "order_by": ["metrics.score DESC"], "max_results": 2}
    first = expect_status(door.post("runs/search", **asked), 200).document
    last = expect_status(door.post("runs/search", **asked, page_token=first["next_page_token"]), 200).document
    there = expect_status(origin.post("runs/search", **asked), 200).document

    expect_equal(logged, [200] * 3, "statuses")
    expect_equal(
        [one["info"]["run_name"] for one in (*first["runs"], *last["runs"])], ["run-1", "run-0", "run-2"], "runs"
    )
    expect_equal(there["runs"], first["runs"], "first page at the origin")


@verifies("REG-035")
def test_experiments_are_filtered_and_paged(door: MlflowHttp, unique: Unique) -> None:
    """An experiment search by name and tag finds exactly these."""
    family = unique("family")
    made = [require(door.create_experiment(f"{family}-{n}"), 200).document["experiment_id"] for n in range(3)]
    require(door.post("experiments/set-experiment-tag", experiment_id=made[1], key="team", value=family), 200)
    asked: dict[str, str | int] = {"filter": f"name LIKE '{family}%'", "order_by": "name ASC", "max_results": 2}
    pages = all_pages(door, "experiments/search", "experiments", **asked)
    tagged = expect_status(
        door.post("experiments/search", filter=f"tags.team = '{family}'", max_results=5), 200
    ).document

    expect_equal(by_page(pages, "experiment_id"), [made[:2], made[2:]], "pages")
    expect_equal([one["experiment_id"] for one in tagged["experiments"]], [made[1]], "experiments by tag")


@verifies("REG-036")
@pytest.mark.parametrize("what", SEARCHES)
def test_malformed_filter_is_refused(door: MlflowHttp, experiment: str, what: str) -> None:
    """A search with a malformed filter is refused, not answered."""
    where = {"experiment_ids": [experiment], "max_results": 1}
    methods = {"experiments": door.post, "runs": door.post, "registered-models": door.get, "model-versions": door.get}
    facts = {"runs": where}.get(what, {"max_results": 1})
    require(methods[what](f"{what}/search", **facts), 200)  # control: without a filter it is answered

    expect_refused(methods[what](f"{what}/search", **facts, filter="name IS UNLIKE"), 400, "INVALID_PARAMETER_VALUE")


@verifies("REG-036")
@pytest.mark.parametrize("what", ["registered-models", "model-versions", "experiments"])
def test_unknown_page_token_is_refused(door: MlflowHttp, what: str) -> None:
    """A page token that nobody gave out is refused."""
    require(door.get(f"{what}/search", max_results=1), 200)  # control: without a token it is answered

    expect_refused(door.get(f"{what}/search", max_results=1, **NO_TOKEN), 400, "INVALID_PARAMETER_VALUE")
