"""The users of a load, by raw HTTP: they register, download, search, and move aliases."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial

from registry_conformance.judge.evidence.exchange import Exchange
from registry_conformance.judge.load.allowance import Allowance, Cost
from registry_conformance.judge.load.asking import SOURCE, VERSION, Asking, sha256_of, text_at, versions_in
from registry_conformance.judge.load.kept_client import KeptMlflow, content
from registry_conformance.judge.load.place import ALIAS, Place, Stored
from registry_conformance.judge.load.plan import LoadPlan

SMALL = 2048
NEWEST = 20
"""So many versions a search shows at most, the newest first."""
_KEPT = 200
_MLMODEL = "flavors:\n  python_function:\n    loader_module: mlflow.sklearn\n"


class AllowanceSpentError(Exception):
    """The next operation would exceed a limit of the target; the message says which."""


@dataclass
class Shared:
    """What the users of one process share: acknowledged artifacts, the newest last, and the number of registrations.

    A registration counts when the version of its model is acknowledged.
    """

    stored: deque[Stored] = field(default_factory=lambda: deque(maxlen=_KEPT))
    registered: int = 0


@dataclass
class LoadUser:
    """One user: a client with its connection, its name and its state."""

    client: KeptMlflow
    asking: Asking
    place: Place
    plan: LoadPlan
    allowance: Allowance
    shared: Shared
    random: random.Random
    turns: int = 0
    own_model: str = ""

    def begin(self, cost: Cost) -> None:
        """Reserve budget for an operation; raise ``AllowanceSpentError`` if there is not enough."""
        self.turns += 1
        if lacking := self.allowance.lacks(cost):
            raise AllowanceSpentError(lacking)

    def size(self) -> int:
        """Return the size of the next model in bytes."""
        sizes, weights = zip(*self.plan.sizes, strict=True)
        return int(self.random.choices(sizes, weights)[0])


def register(person: LoadUser) -> None:
    """Register a complete model (run, parameters, files, version, tag, alias), then read it back.

    Each registration has a connection of its own, as the process of a training job has.
    """
    person.client.held.drop()
    size = person.size()
    person.begin(Cost(16, size + SMALL, 2))
    location, run_id = _run(person)
    if not location:
        return
    mark = f"{person.asking.user}-{person.turns}"
    files: dict[str, bytes | int] = {
        "model/MLmodel": (_MLMODEL + f"run_id: {run_id}\n").encode(),
        f"model/{mark}.bin": size,
    }
    stored = [one for name, body in files.items() if (one := _put(person, location, name, body))]
    if len(stored) < len(files):
        return
    model = _model(person)
    if model:
        number = _version(person, model, f"{location}/model", run_id)
        if number:
            person.shared.registered += 1
            _finish(person, model, number, f"{location}/model")
    person.shared.stored.append(stored[-1])


def download(person: LoadUser) -> None:
    """Download an artifact whose upload was acknowledged."""
    person.begin(Cost(1))
    one = person.random.choice([*person.shared.stored, *person.place.seeds])
    person.asking.ask(
        "get",
        f"{one.location}/{one.name}",
        one.sha256,
        partial(person.client.get_artifact, one.location, one.name),
        sha256_of,
    )


def search(person: LoadUser) -> None:
    """Search for the newest versions of a model, and for runs of the experiment."""
    person.begin(Cost(2))
    _search(person, person.random.choice(person.place.models))
    runs = partial(
        person.client.post,
        "runs/search",
        experiment_ids=[person.place.experiment],
        max_results=20,
        order_by=["attributes.start_time DESC"],
    )
    person.asking.ask("search-runs", person.place.experiment, "", runs)


def move_alias(person: LoadUser) -> None:
    """Move the alias of a shared model, or read where it points."""
    person.begin(Cost(3))
    model = person.random.choice(person.place.models)
    if person.random.random() < 0.4:
        number = str(person.random.randint(1, 3))
        _set_alias(person, model, ALIAS, number)
    _alias(person, model, ALIAS)


REGISTERS = "registers"
PERSONAS: Mapping[str, tuple[Callable[[LoadUser], None], int]] = {
    REGISTERS: (register, 5),
    "downloads": (download, 2),
    "searches": (search, 1),
    "moves": (move_alias, 2),
}
"""What a user does -> how, and its weight among all users."""


def _run(person: LoadUser) -> tuple[str, str]:
    name = f"{person.place.run}-{person.asking.user}-{person.turns}"
    made = person.asking.ask(
        "run",
        name,
        "",
        partial(person.client.create_run, person.place.experiment, name),
        text_at("run", "info", "run_id"),
    )
    location, run_id = made.at("run", "info", "artifact_uri"), made.at("run", "info", "run_id")
    if not (made.ok and isinstance(location, str) and isinstance(run_id, str)):
        return "", ""
    batch = partial(
        person.client.post,
        "runs/log-batch",
        run_id=run_id,
        params=[{"key": "turn", "value": str(person.turns)}],
        metrics=[{"key": "score", "value": 0.5, "timestamp": 0, "step": 0}],
    )
    person.asking.ask("log", run_id, str(person.turns), batch)
    return location, run_id


def _put(person: LoadUser, location: str, name: str, body: bytes | int) -> Stored | None:
    """Upload a file, by default of unique bytes; return it if the upload was acknowledged."""
    if isinstance(body, bytes):
        send = partial(person.client.put_artifact, location, name, body)
    else:
        mark = f"{person.place.run}-{person.asking.user}-{person.turns}"
        send = partial(person.client.put_artifact, location, name, content(mark, body), size=body)
    met = person.asking.ask("put", f"{location}/{name}", "", send)
    return Stored(location, name, met.request_body.sha256) if met.ok else None


def _model(person: LoadUser) -> str:
    """Return the model for the next version: a shared one, or the user's own."""
    if person.random.random() < 0.3:
        return person.random.choice(person.place.models)
    if not person.own_model:
        name = f"{person.place.run}-of-{person.asking.user}"
        made = person.asking.ask("model", name, "", partial(person.client.create_model, name))
        person.own_model = name if made.ok else ""
    return person.own_model


def _version(person: LoadUser, model: str, source: str, run_id: str) -> str:
    met = person.asking.ask(
        "version", model, source, partial(person.client.create_version, model, source, run_id), VERSION
    )
    return str(met.at("model_version", "version") or "") if met.ok else ""


def _finish(person: LoadUser, model: str, number: str, source: str) -> None:
    tag = partial(
        person.client.post, "model-versions/set-tag", name=model, version=number, key="hokusai_status", value="ready"
    )
    person.asking.ask("tag", f"{model}/{number}", "ready", tag)
    read = partial(person.client.get, "model-versions/get", name=model, version=number)
    person.asking.ask("get-version", f"{model}/{number}", source, read, SOURCE)
    if model == person.own_model:
        _set_alias(person, model, "newest", number)
        _alias(person, model, "newest")
    _search(person, model)


def _search(person: LoadUser, model: str) -> Exchange:
    asked = partial(
        person.client.get,
        "model-versions/search",
        filter=f"name='{model}'",
        max_results=NEWEST,
        order_by="version_number DESC",
    )
    return person.asking.ask("search", model, "", asked, versions_in)


def _set_alias(person: LoadUser, model: str, alias: str, number: str) -> None:
    moved = partial(person.client.post, "registered-models/alias", name=model, alias=alias, version=number)
    person.asking.ask("set-alias", f"{model}@{alias}", number, moved)


def _alias(person: LoadUser, model: str, alias: str) -> None:
    read = partial(person.client.get, "registered-models/alias", name=model, alias=alias)
    person.asking.ask("get-alias", f"{model}@{alias}", "", read, VERSION)
