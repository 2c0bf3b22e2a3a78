"""The lives of things in a registry, request by request: many can be led side by side, or on one connection.

A life is a generator: it yields a request, is sent the answer, and raises ``Mismatch`` if that is not its own.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Any
from urllib.parse import quote, urlencode

from registry_conformance.judge.clients.concurrency import at_once
from registry_conformance.judge.clients.mlflow_http import ARTIFACTS, REST, REST3, MlflowHttp, location_path
from registry_conformance.judge.evidence.json_document import parsed
from registry_conformance.judge.expect import Mismatch

_JSON = "application/json"
_UNKNOWN = "0123456789abcdef0123456789abcdef"
PARTS = 11
"""Parts of an upload: more than one digit can number."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request of a life: ``path`` with its query, ``body`` with its type."""

    method: str
    path: str
    body: bytes | None = None
    content_type: str = ""

    @property
    def headers(self) -> tuple[tuple[str, str], ...]:
        """The headers that say what the body is."""
        return (("Content-Type", self.content_type),) if self.content_type else ()


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; ``status`` is ``None`` if nothing did."""

    status: int | None
    content: bytes

    @property
    def document(self) -> Any:
        """The content as JSON; raise ``Mismatch`` if it is none."""
        try:
            return parsed(self.content)
        except ValueError as problem:
            raise Mismatch("an answer in JSON", repr(self.content[:200])) from problem


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a life takes place in: an experiment, and a run of it with its artifact location."""

    experiment_id: str
    run_id: str
    location: str


Life = Generator[Request, Answer, None]
Ask = Callable[[Request], Answer]


def lead_side_by_side(door: MlflowHttp, lives: Sequence[Life]) -> int:
    """Lead lives step by step, the next requests of all of them at once; return how many requests that took."""
    steps = 0
    left = [(life, next(life)) for life in lives]
    while left:
        answers = at_once([partial(_through, door, request) for _, request in left], len(left))
        steps += len(left)
        left = [
            (life, following)
            for (life, _), answer in zip(left, answers, strict=True)
            if (following := _following(life, answer)) is not None
        ]
    return steps


def lead(ask: Ask, life: Life) -> int:
    """Lead one life to its end; return how many requests that took."""
    steps, request = 0, next(life, None)
    while request is not None:
        steps += 1
        request = _following(life, ask(request))
    return steps


def _following(life: Life, answer: Answer) -> Request | None:
    try:
        return life.send(answer)
    except StopIteration:
        return None


def _through(door: MlflowHttp, request: Request) -> Answer:
    exchange = door.send(request.method, request.path, body=request.body, headers=request.headers)
    return Answer(exchange.status, exchange.plain_body.head)


def _experiment(name: str, _: Surroundings) -> Life:
    created = _accepted((yield _post("experiments/create", name=name)))
    which = {"experiment_id": created["experiment_id"]}
    _same(_accepted((yield _get("experiments/get", **which)))["experiment"]["name"], name)
    tag = {"key": "told", "value": _text(name)}
    _accepted((yield _post("experiments/set-experiment-tag", **which, **tag)))
    _same(_accepted((yield _get("experiments/get", **which)))["experiment"]["tags"], [tag])
    _refused((yield _post("experiments/create", name=name)), 400)
    _refused((yield _get("experiments/get", experiment_id="999999999999")), 404)


def _run(name: str, around: Surroundings) -> Life:
    started = yield _post("runs/create", experiment_id=around.experiment_id, run_name=name, start_time=0)
    which = {"run_id": _accepted(started)["run"]["info"]["run_id"]}
    tag = {"key": "told", "value": _text(name)}
    _accepted((yield _post("runs/set-tag", **which, **tag)))
    _accepted((yield _post("runs/log-metric", **which, key="loss", value=42, step=17, timestamp=0)))
    told = _accepted((yield _get("runs/get", **which)))["run"]
    _same([tag in told["data"]["tags"], told["info"]["run_name"]], [True, name])
    asked = {**which, "metric_key": "loss", "max_results": 100}  # without, some releases leave histories empty
    history = _accepted((yield _get("metrics/get-history", **asked)))["metrics"]
    _same([(each["value"], each["step"]) for each in history], [(42, 17)])
    _refused((yield _get("metrics/get-history", run_id=_UNKNOWN, metric_key="loss")), 404, 200)
    _refused((yield _get("runs/get", run_id=_UNKNOWN)), 404)
    _refused((yield _post("runs/update", run_id=_UNKNOWN, status="FINISHED")), 404)


def _model(name: str, _: Surroundings) -> Life:
    _accepted((yield _post("registered-models/create", name=name, description="at first")))
    _refused((yield _post("registered-models/create", name=name)), 400)
    _accepted((yield _change("PATCH", "registered-models/update", name=name, description=_text(name))))
    told = _accepted((yield _get("registered-models/get", name=name)))["registered_model"]
    _same([told["name"], told["description"]], [name, _text(name)])
    _refused((yield _change("PATCH", "registered-models/update", name=f"{name}-other", description="x")), 404)
    _accepted((yield _change("DELETE", "registered-models/delete", name=name)))
    _refused((yield _get("registered-models/get", name=name)), 404)
    _refused((yield _change("DELETE", "registered-models/delete", name=name)), 404)


def _version(name: str, around: Surroundings) -> Life:
    _accepted((yield _post("registered-models/create", name=name)))
    source = {"source": f"{around.location}/m", "run_id": around.run_id}
    made = _accepted((yield _post("model-versions/create", name=name, **source)))["model_version"]
    which = {"name": name, "version": made["version"]}
    _accepted((yield _change("PATCH", "model-versions/update", **which, description=_text(name))))
    told = _accepted((yield _get("model-versions/get", **which)))["model_version"]
    _same([told["name"], told["description"]], [name, _text(name)])
    alias = {"name": name, "alias": "best"}
    _accepted((yield _post("registered-models/alias", **alias, version=made["version"])))
    _same(_accepted((yield _get("registered-models/alias", **alias)))["model_version"]["name"], name)
    _refused((yield _post("registered-models/alias", name=f"{name}-other", alias="best", version="1")), 404)
    _accepted((yield _change("DELETE", "registered-models/alias", **alias)))
    _refused((yield _get("registered-models/alias", **alias)), 400, 404)
    _refused((yield _change("DELETE", "registered-models/alias", name=f"{name}-other", alias="best")), 404)
    _refused((yield _post("model-versions/create", name=f"{name}-other", **source)), 404)
    _refused((yield _change("PATCH", "model-versions/update", name=name, version="99", description="x")), 404)
    _accepted((yield _change("DELETE", "model-versions/delete", **which)))
    _refused((yield _get("model-versions/get", **which)), 404)
    _refused((yield _change("DELETE", "model-versions/delete", **which)), 404)


def _logged_model(name: str, around: Surroundings) -> Life:
    asked = {"experiment_id": around.experiment_id, "name": name.replace(".", "-")}
    tags = [{"key": "told", "value": _text(name)}]
    made = _accepted((yield _post("logged-models", **asked, tags=tags)))["model"]["info"]
    told = _accepted((yield _get(f"logged-models/{made['model_id']}")))["model"]["info"]
    _same([told["name"], [each["value"] for each in told["tags"]]], [asked["name"], [_text(name)]])
    _refused((yield _get("logged-models/m-none")), 404)
    _refused((yield _post("logged-models", experiment_id="999999999999", name="m")), 404)


def _artifact(name: str, around: Surroundings) -> Life:
    folder = f"{location_path(around.location)}/{name}"
    file = f"{ARTIFACTS}/artifacts/{quote(folder)}/a.txt"
    content = f"{_text(name)}\n".encode() * 20
    listing = Request("GET", f"{ARTIFACTS}/artifacts?{urlencode({'path': folder})}")
    page = Request("GET", f"/get-artifact?{urlencode({'path': f'{name}/a.txt', 'run_uuid': around.run_id})}")
    _accepted((yield Request("PUT", file, content)), raw=True)
    _same(_accepted((yield Request("GET", file)), raw=True), content)
    _same([each["path"] for each in _accepted((yield listing))["files"]], ["a.txt"])
    _same(_accepted((yield page), raw=True), content)
    _accepted((yield Request("DELETE", file)), raw=True)
    _same(_accepted((yield listing)).get("files", []), [])
    _refused((yield Request("GET", file)), 404, 500)
    _refused((yield Request("GET", f"/get-artifact?path=a.txt&run_uuid={_UNKNOWN}")), 404)


def _upload(name: str, around: Surroundings) -> Life:
    folder, file = f"{location_path(around.location)}/{name}", "ü 42.bin"
    begin = f"{ARTIFACTS}/mpu/create/{quote(folder)}"
    begun = _accepted((yield _json("POST", begin, {"path": file, "num_parts": PARTS})))
    _same([each["part_number"] for each in begun["credentials"]], list(range(1, PARTS + 1)))
    _same(all(quote(file) in each["url"] for each in begun["credentials"]), wanted=True)
    ended = {"path": file, "upload_id": begun["upload_id"]}
    _accepted((yield _json("POST", f"{ARTIFACTS}/mpu/abort/{quote(folder)}", ended)))
    joined = yield _json("POST", f"{ARTIFACTS}/mpu/complete/{quote(folder)}", {**ended, "parts": []})
    _refused(joined, *range(400, 600))


def _question(name: str, around: Surroundings) -> Life:
    query = "query Q($i: MlflowGetRunInput!) { mlflowGetRun(input: $i) { run { info { runId runName } } } }"
    started = yield _post("runs/create", experiment_id=around.experiment_id, run_name=_text(name), start_time=0)
    which = _accepted(started)["run"]["info"]["run_id"]
    asked = {"operationName": "Q", "query": query, "variables": {"i": {"runId": which}}}
    told = _accepted((yield _json("POST", "/graphql", asked)))["data"]["mlflowGetRun"]["run"]["info"]
    _same([told["runId"], told["runName"]], [which, _text(name)])
    _same(_accepted((yield Request("GET", "/health")), raw=True), b"OK")
    _same("store_type" in _accepted((yield Request("GET", f"{REST3}/server-info"))), wanted=True)


LIVES: Mapping[str, Callable[[str, Surroundings], Life]] = MappingProxyType(
    {
        "experiment": _experiment,
        "run": _run,
        "model": _model,
        "version": _version,
        "logged-model": _logged_model,
        "artifact": _artifact,
        "upload": _upload,
        "question": _question,
    }
)
"""Kind of thing -> its life, by its name and what surrounds it."""


def _text(name: str) -> str:
    """Return a text with what is easily lost on the way: a number of two digits, and letters of other alphabets."""
    return f"ü 42 of {name}"


def _get(what: str, **query: str | int) -> Request:
    return Request("GET", f"{REST}/{what}" + (f"?{urlencode(query)}" if query else ""))


def _post(what: str, **document: Any) -> Request:
    return _json("POST", f"{REST}/{what}", document)


def _change(method: str, what: str, **document: Any) -> Request:
    return _json(method, f"{REST}/{what}", document)


def _json(method: str, path: str, document: Mapping[str, Any]) -> Request:
    return Request(method, path, json.dumps(document, ensure_ascii=False).encode(), _JSON)


def _accepted(answer: Answer, *, raw: bool = False) -> Any:
    """Return the document of a success, or its bytes; raise ``Mismatch`` if it is none."""
    if answer.status != 200:
        raise Mismatch("status 200", f"{answer.status} {answer.content[:200]!r}")
    return answer.content if raw else answer.document


def _refused(answer: Answer, *statuses: int) -> None:
    if answer.status not in statuses:
        raise Mismatch(f"a status of {statuses[:3]}", f"{answer.status} {answer.content[:200]!r}")


def _same(found: object, wanted: object) -> None:
    if found != wanted:
        raise Mismatch(f"{wanted!r}"[:300], f"{found!r}"[:300])
