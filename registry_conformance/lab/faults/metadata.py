"""Faults of MLflow's metadata: database, migrations, plugins."""

from __future__ import annotations

from registry_conformance.lab.disturbance import REQUEST, Answer, EditBody, Rewrite, Twice, When
from registry_conformance.lab.faults.change import on
from registry_conformance.lab.faults.fault import Fault
from registry_conformance.lab.faults.paths import BY_NAME, CREATE, REST
from registry_conformance.lab.faults.symptom import Acts, Ask

_MODEL = f"{REST}/registered-models"
_RUNS = f"{REST}/runs"
_MADE = Ask("POST", CREATE, body='{"name": "{run}"}', status="200")
_NAMED = Ask("POST", f"{_MODEL}/create", body='{"name": "{run}"}', status="200")
_GOT = f"{_MODEL}/get?name={{run}}"


FAULTS = (
    Fault(
        name="tags-acknowledged-and-lost",
        layer="mlflow",
        seen="setting a tag is 200, and the tag is not there",
        change=on("server", When(methods=("POST",), path="/(set-tag|set-registered-model-tag)"), Answer(200, "{}")),
        symptoms=(
            _NAMED,
            Ask("POST", f"{_MODEL}/set-tag", body='{"name": "{run}", "key": "colour", "value": "red"}', status="200"),
            Ask("GET", _GOT, status="200", lacks="colour"),
        ),
    ),
    Fault(
        name="changes-acknowledged-and-lost",
        layer="mlflow",
        seen="ending a run, describing a model or setting an alias is 200, and nothing has changed",
        change=on(
            "server",
            When(methods=("POST", "PATCH"), path=r"/mlflow/((runs|registered-models|model-versions)/update|.*/alias)$"),
            Answer(200, "{}"),
        ),
        symptoms=(
            _NAMED,
            Ask("PATCH", f"{_MODEL}/update", body='{"name": "{run}", "description": "changed"}', status="200"),
            Ask("GET", _GOT, status="200", lacks="changed"),
        ),
    ),
    Fault(
        name="params-acknowledged-and-lost",
        layer="mlflow",
        seen="a run is finished, and its params and metrics are not there",
        change=on(
            "server", When(methods=("POST",), path="/runs/log-(batch|metric|parameter|inputs)"), Answer(200, "{}")
        ),
        symptoms=(
            Ask(
                "POST",
                f"{_RUNS}/log-batch",
                body='{"run_id": "{run}", "params": [{"key": "a", "value": "b"}]}',
                status="200",
            ),
        ),
    ),
    Fault(
        name="deletions-not-done",
        layer="mlflow",
        seen="deleting models, versions, tags and aliases is 200, and they stay",
        change=on("server", When(methods=("DELETE",), path="/mlflow/"), Answer(200, "{}")),
        symptoms=(
            _NAMED,
            Ask("DELETE", f"{_MODEL}/delete", body='{"name": "{run}"}', status="200"),
            Ask("GET", _GOT, status="200"),
        ),
    ),
    Fault(
        name="writes-done-twice",
        layer="mlflow",
        seen="two versions where one was registered, two runs where one was begun",
        change=on("server", When(methods=("POST",), path="/model-versions/create|/runs/create"), Twice()),
        symptoms=(
            _NAMED,
            Ask(
                "POST",
                f"{REST}/model-versions/create",
                body='{"name": "{run}", "source": "s3://{bucket}/{run}"}',
                shows='"version": ?"2"',
            ),
        ),
        incidents=("N7",),
    ),
    Fault(
        name="pages-lost",
        layer="mlflow",
        seen="a search shows its first page and says that there is no other",
        change=on("server", When(path="/search"), EditBody(r',?\s*"next_page_token":\s*"[^"]*"', "")),
        symptoms=(
            _MADE,
            Ask("POST", CREATE, body='{"name": "{run}-2"}', status="200"),
            Ask("GET", f"{REST}/experiments/search?max_results=1", status="200", lacks="next_page_token"),
        ),
    ),
    Fault(
        name="filters-ignored",
        layer="mlflow",
        seen="every search finds everything",
        change=on("server", When(methods=("GET",), path="/search"), Rewrite(r"([?&])filter=[^&]*", r"\1unfiltered=1")),
        symptoms=(
            _NAMED,
            Ask(
                "GET",
                f"{_MODEL}/search?filter=name%3D%27{{run}}-of-nobody%27&max_results=10",
                status="200",
                shows="registered_models",
            ),
        ),
    ),
    Fault(
        name="alias-points-elsewhere",
        layer="mlflow",
        seen="models:/NAME@ALIAS loads another version than the one the alias was given to",
        change=on(
            "server",
            When(methods=("POST",), path="/registered-models/alias"),
            EditBody(r'"version":\s*"\d+"', '"version": "1"', REQUEST),
        ),
        symptoms=(
            _NAMED,
            Ask("POST", f"{REST}/model-versions/create", body='{"name": "{run}", "source": "s3://{bucket}/1"}'),
            Ask("POST", f"{REST}/model-versions/create", body='{"name": "{run}", "source": "s3://{bucket}/2"}'),
            Ask("POST", f"{_MODEL}/alias", body='{"name": "{run}", "alias": "a", "version": "2"}', status="200"),
            Ask("GET", f"{_MODEL}/alias?name={{run}}&alias=a", status="200", shows='"version": ?"1"'),
        ),
    ),
    Fault(
        name="tags-at-creation-dropped",
        layer="mlflow",
        seen="experiments, runs and models are created without the tags that they were given",
        change=on(
            "server",
            When(methods=("POST",), path="/(create|set-tag)$"),
            EditBody(r'"tags":\s*\[[^\]]*\]', '"tags": []', REQUEST),
        ),
        symptoms=(
            Ask("POST", CREATE, body='{"name": "{run}", "tags": [{"key": "colour", "value": "red"}]}', status="200"),
            Ask("GET", BY_NAME, status="200", lacks="colour"),
        ),
    ),
    Fault(
        name="text-truncated",
        layer="mlflow",
        seen="long params, tags and descriptions come back cut",
        change=on(
            "server",
            When(methods=("POST", "PATCH")),
            EditBody(r'("(?:value|description)":\s*"[^"\\]{40})[^"\\]*"', r'\1"', REQUEST),
        ),
        symptoms=(
            _NAMED,
            Ask(
                "POST",
                f"{_MODEL}/set-tag",
                body='{"name": "{run}", "key": "long", "value": "' + "x" * 80 + '"}',
                status="200",
            ),
            Ask("GET", _GOT, status="200", shows="x{40}", lacks="x{41}"),
        ),
    ),
    Fault(
        name="text-not-unicode",
        layer="mlflow",
        seen="names and descriptions in other scripts come back as question marks",
        change=on("server", When(methods=("POST", "PATCH")), EditBody(r"\\u[0-9a-f]{4}|[\x80-\xff]", "?", REQUEST)),
        symptoms=(
            _NAMED,
            Ask(
                "POST",
                f"{_MODEL}/set-tag",
                body='{"name": "{run}", "key": "long", "value": "\\u043a\\u043b\\u044e\\u0447"}',
                status="200",
            ),
            Ask("GET", _GOT, status="200", shows=r"\?\?\?\?"),
        ),
    ),
    Fault(
        name="metric-history-of-one",
        layer="mlflow",
        seen="a metric's history has its last value only",
        change=on(
            "server",
            When(path="/metrics/get-history"),
            EditBody(r'(?s)"metrics":\s*\[.*(\{[^{}]*\})\s*\]', r'"metrics": [\1]'),
        ),
        symptoms=(Ask("GET", f"{REST}/metrics/get-history?run_id={{run}}&metric_key=a"), Acts("server")),
    ),
    Fault(
        name="sources-not-checked",
        layer="mlflow",
        seen="a version can be registered from an address outside the deployment",
        change=on(
            "server",
            When(methods=("POST",), path="/model-versions/create"),
            EditBody(r'"source":\s*"(https?|ftp|file)://[^"]*"', '"source": "s3://elsewhere/model"', REQUEST),
        ),
        symptoms=(
            _NAMED,
            Ask(
                "POST",
                f"{REST}/model-versions/create",
                body='{"name": "{run}", "source": "https://elsewhere.test/model"}',
                status="200",
            ),
        ),
    ),
)
