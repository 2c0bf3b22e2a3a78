"""The verification after a load: every acknowledged write is looked up at the origin and in the bucket."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from threading import local

from registry_conformance.judge.clients.bucket import Bucket
from registry_conformance.judge.clients.mlflow_http import MlflowHttp
from registry_conformance.judge.evidence.exchange import Body, Exchange
from registry_conformance.judge.load.history import OK, History, Operation
from registry_conformance.judge.load.kept_client import KeptConnection, KeptMlflow, NoEvidence
from registry_conformance.judge.target.target import Target

_LOOKED_AT = ("run", "log", "put", "version", "tag")
"""The kinds of writes that are looked up one by one; aliases are, where they point at last."""
_AT_ONCE = 4
_PAGE = 1000
_MOST_PAGES = 100
_MOST_TRIES = 5
"""How often a look is repeated that the target is too busy, or not yet back, to answer."""
_PAUSE = 1.0
_TOO_BUSY = frozenset({408, 429})
"""Refusals that do not say whether a thing is there."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A deviation from what was acknowledged: ``what`` in a sentence; ``key`` is the object."""

    key: str
    what: str

    def __str__(self) -> str:
        return f"{self.key}: {self.what}"


@dataclass
class Proof:
    """The result of the verification: kind -> number of acknowledged writes that were looked up.

    ``unseen`` are sentences about what could not be looked up. ``aliases`` are final reads of each alias.
    """

    where: str
    looked_at: Counter[str] = field(default_factory=Counter)
    lost: list[Finding] = field(default_factory=list)
    corrupted: list[Finding] = field(default_factory=list)
    doubled: list[Finding] = field(default_factory=list)
    same_number: list[Finding] = field(default_factory=list)
    nowhere: list[Finding] = field(default_factory=list)
    unseen: list[str] = field(default_factory=list)
    aliases: list[Operation] = field(default_factory=list)


def prove(target: Target, history: History, run: str) -> Proof:
    """Look up every acknowledged write of a history; what nobody acknowledged may be there or not."""
    return _Prover(target, history, run).prove()


class _Prover:
    def __init__(self, target: Target, history: History, run: str) -> None:
        door = target.origin or target.working_doors[0]
        key = None if target.origin else target.key_at(door)
        self._client = KeptMlflow(door, key, NoEvidence(), run)
        self._own = local()
        seen = target.bucket is not None and target.capability("store").present
        self._bucket = Bucket(target.bucket, NoEvidence()) if target.bucket is not None and seen else None
        inside = "in the bucket" if self._bucket else "by downloading each artifact: nobody may look into the bucket"
        past = "past the proxy" if target.origin else "through the door: no origin is known"
        self._history = history
        self._found = Proof(f"MLflow {past}; bytes {inside}")

    def prove(self) -> Proof:
        acknowledged: dict[str, list[Operation]] = defaultdict(list)
        for one in self._history.of(*_LOOKED_AT, "set-alias"):
            if one.acknowledged:
                acknowledged[one.kind].append(one)
        runs = _grouped((one.answer if one.kind == "run" else one.key, one) for one in _of(acknowledged, "run", "log"))
        versions = _grouped(
            (f"{one.key}/{one.answer}" if one.kind == "version" else one.key, one)
            for one in _of(acknowledged, "version", "tag")
        )
        self._all(self._run, runs.items())
        self._all(self._stored, [(one,) for one in acknowledged["put"]])
        self._all(self._version, versions.items())
        self._found.looked_at.update({kind: len(acknowledged[kind]) for kind in _LOOKED_AT if acknowledged[kind]})
        asked: dict[str, Counter[str]] = defaultdict(Counter)
        for one in self._history.of("version"):
            asked[one.key][one.value] += 1
        models = sorted({one.key for one in acknowledged["version"]})
        self._all(self._versions_of, [(model, asked[model]) for model in models])
        self._numbers(acknowledged["version"])
        aliases = {one.key for one in acknowledged["set-alias"]}
        self._all(self._pointing, [(key,) for key in sorted(aliases)])
        self._stored_twice(acknowledged["put"])
        return self._found

    @staticmethod
    def _all(look: Callable[..., None], things: Iterable[Sequence[object]]) -> None:
        """Look at all things, some at a time; each is the arguments of ``look``."""
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            for _ in pool.map(lambda thing: look(*thing), things):
                pass

    @property
    def _wire(self) -> MlflowHttp:
        """This thread's client, with its own connection."""
        if not hasattr(self._own, "client"):
            self._own.client = replace(self._client, held=KeptConnection())
        client: MlflowHttp = self._own.client
        return client

    def _look(self, ask: Callable[[MlflowHttp], Exchange]) -> Exchange | None:
        """Return a response that says whether an object exists; an overloaded target is retried.

        ``None`` if nothing tells, which is recorded as unseen: an unseen object is not lost.
        """
        for number in range(_MOST_TRIES):
            time.sleep(_PAUSE * number)
            met = ask(self._wire)
            if met.ok or (met.refused and met.status not in _TOO_BUSY):
                return met
        self._found.unseen.append(str(met))
        return None

    def _run(self, run_id: str, told: Sequence[Operation]) -> None:
        """Look up a run, and the parameter that was logged in it."""
        met = self._look(lambda wire: wire.get("runs/get", run_id=run_id))
        if met is None:
            return
        held = _held(met, "run", "data", "params").get("turn")
        for one in told:
            if one.kind == "run" and met.refused:
                self._found.lost.append(Finding(f"run {one.key}", f"acknowledged as {run_id}, and now {met}"))
            elif one.kind == "log" and held != one.value:
                self._found.lost.append(Finding(f"parameter of run {run_id}", f"acknowledged, and now {held!r}"))

    def _version(self, thing: str, told: Sequence[Operation]) -> None:
        """Look up a version of a model, such as ``model/3``, and its tag."""
        model, _, number = thing.rpartition("/")
        met = self._look(lambda wire: wire.get("model-versions/get", name=model, version=number))
        if met is None:
            return
        source, name = met.at("model_version", "source"), f"version {number} of {model}"
        held = _held(met, "model_version", "tags").get("hokusai_status")
        for one in told:
            if one.kind == "tag":
                missing = "acknowledged, and not there" if held != one.value else ""
                name = f"tag of version {thing}"
            elif met.refused:
                missing = f"acknowledged, and now {met}"
            else:
                missing = f"acknowledged for {one.value}, and is of {source}" if source != one.value else ""
            if missing:
                self._found.lost.append(Finding(name, missing))

    def _stored(self, one: Operation) -> None:
        seen, body = self._body(*_split(one.key))
        if not seen:
            return
        if body is None:
            self._found.lost.append(Finding(f"artifact {one.key}", f"{one.sent} B acknowledged, and not there"))
        elif body.sha256 != one.value:
            said = (
                f"{one.sent} B with sha256 {one.value[:12]} acknowledged, {body.size} B with {body.sha256[:12]} there"
            )
            self._found.corrupted.append(Finding(f"artifact {one.key}", said))

    def _body(self, location: str, name: str) -> tuple[bool, Body | None]:
        """Return whether the stored content could be read, and the content, ``None`` for nothing."""
        if self._bucket is not None:
            from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - not every load has a bucket

            try:
                return True, self._bucket.body(self._bucket.key_for(location, name))
            except (BotoCoreError, ClientError) as problem:
                self._found.unseen.append(f"artifact {location}/{name}: {problem}")
                return False, None
        met = self._look(lambda wire: wire.get_artifact(location, name))
        return met is not None, met.response_body if met is not None and met.ok else None

    def _versions_of(self, model: str, asked: Mapping[str, int]) -> None:
        """Look for duplicate registrations: two versions of one source, of which one was acknowledged.

        ``asked`` is how often each source was to be registered.
        """
        held = Counter(str(version.get("source")) for version in self._listed(model))
        for source, count in held.items():
            if 0 < asked.get(source, 0) < count:
                self._found.doubled.append(
                    Finding(f"model {model}", f"{count} versions of {source}, registered {asked[source]} times")
                )

    def _listed(self, model: str) -> Iterator[dict[str, object]]:
        token = ""
        for _ in range(_MOST_PAGES):
            query = {"filter": f"name='{model}'", "max_results": _PAGE} | ({"page_token": token} if token else {})
            met = self._look(lambda wire, query=query: wire.get("model-versions/search", **query))  # type: ignore[misc]  # of this page
            if met is None:
                return
            found = met.at("model_versions")
            yield from found if isinstance(found, list) else ()
            token = str(met.at("next_page_token") or "")
            if not token:
                return
        self._found.unseen.append(f"{model}: more than {_MOST_PAGES} pages of versions")

    def _numbers(self, versions: Iterable[Operation]) -> None:
        by_number: dict[tuple[str, str], list[Operation]] = defaultdict(list)
        for one in versions:
            by_number[one.key, one.answer].append(one)
        for (model, number), given in by_number.items():
            if len(given) > 1:
                to = " and ".join(sorted(one.value for one in given)[:2])
                self._found.same_number.append(
                    Finding(f"version {number} of {model}", f"given {len(given)} times: {to}")
                )

    def _pointing(self, key: str) -> None:
        """Read where an alias finally points, and verify that this version exists."""
        model, _, alias = key.rpartition("@")
        began = time.monotonic_ns()
        met = self._look(lambda wire: wire.get("registered-models/get", name=model))
        if met is None or not met.ok:
            return
        aliases = met.at("registered_model", "aliases")
        pointing = {
            str(each.get("alias")): str(each.get("version")) for each in (aliases if isinstance(aliases, list) else ())
        }
        number = pointing.get(alias, "")
        self._found.aliases.append(
            Operation(f"proof.{key}", "proof", "get-alias", key, "", began, time.monotonic_ns(), OK, 200, number)
        )
        if not number:
            self._found.lost.append(Finding(f"alias {key}", "set, never removed, and not there"))
            return
        there = self._look(lambda wire: wire.get("model-versions/get", name=model, version=number))
        if there is not None and there.refused:
            self._found.nowhere.append(Finding(f"alias {key}", f"points at version {number}, and that is {there}"))

    def _stored_twice(self, puts: Iterable[Operation]) -> None:
        """Look for artifacts with more versions in the bucket than were sent, if it keeps versions."""
        if self._bucket is None:
            return
        sent = Counter(one.key for one in self._history.of("put"))
        held: Counter[str] = Counter()
        for folder in {_experiment_folder(self._bucket.key_for(one.key)) for one in puts}:
            held.update(self._bucket.version_count(f"{folder}/"))
        for key, count in sent.items():
            if held[self._bucket.key_for(key)] > count:
                self._found.doubled.append(
                    Finding(f"artifact {key}", f"sent {count} times, stored {held[self._bucket.key_for(key)]} times")
                )


def _of(acknowledged: Mapping[str, Sequence[Operation]], *kinds: str) -> Iterator[Operation]:
    return (one for kind in kinds for one in acknowledged[kind])


def _grouped(found: Iterable[tuple[str, Operation]]) -> dict[str, list[Operation]]:
    """Return thing -> what was acknowledged of it, so that one look tells of all."""
    groups: dict[str, list[Operation]] = defaultdict(list)
    for thing, one in found:
        groups[thing].append(one)
    return groups


def _held(met: Exchange, *path: str) -> dict[str, str]:
    """Return key -> value of the parameters or tags at a path of a response."""
    found = met.at(*path)
    return {str(each.get("key")): str(each.get("value")) for each in found} if isinstance(found, list) else {}


def _experiment_folder(key: str) -> str:
    """Return the folder in the bucket of the experiment that an artifact is of: a run's is one of its folders."""
    return key.rpartition("/artifacts/")[0].rpartition("/")[0]


def _split(key: str) -> tuple[str, str]:
    """Return location and name of an artifact: a run's location ends with ``/artifacts``."""
    location, found, name = key.partition("/artifacts/")
    return (location + "/artifacts", name) if found else ("", key)
