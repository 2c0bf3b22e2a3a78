"""Probes an environment before its checks run: working doors and features."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from threading import Event

from packaging.version import InvalidVersion, Version

from registry_conformance.judge.clients.mlflow_http import REST, REST3, MlflowHttp
from registry_conformance.judge.evidence.exchange import Exchange
from registry_conformance.judge.evidence.recorder import Evidence
from registry_conformance.judge.expect import Mismatch
from registry_conformance.judge.promises import Feature
from registry_conformance.judge.target.target import Target

_ATTEMPTS = 3
_PAUSE = 1.0
_PATIENCE = 10.0
"""How long a door is waited for that says nothing; the last attempt waits as long as its file allows."""
_LOST = 1.5
"""Seconds that a connection may take longer for a packet that is lost: TCP sends it again after one (RFC 6298)."""
_TIMES = 5
"""So many times as long as a door took that works, another is waited for that says nothing."""
_ANNOUNCING = Version("3.15")
"""The first MLflow version that announces direct transfers to the store."""
ANNOUNCED = {
    "presigned-downloads": "multipart_downloads_enabled",
    "multipart-uploads": "multipart_uploads_enabled",
}
"""Feature -> what a server says of it."""


@dataclass(slots=True)
class _Doors:
    """The responses of concurrently probed doors so far: door -> its responses, in order."""

    met: dict[str, list[Exchange]]
    given_up: Event = field(default_factory=Event)

    @property
    def grace(self) -> float:
        """Seconds that a silent door is waited for next to a working one, by the latency measured here."""
        slowest = max(
            (each.seconds for said in self.met.values() for each in said if each.status is not None), default=0.0
        )
        return min(_PATIENCE, _LOST + _TIMES * slowest)


def with_broken_doors(target: Target, run: str) -> Target:
    """Return the target with each door marked that fails its minimum requirements; ``run`` names the run.

    Doors are probed concurrently. Once one works, a silent door is waited for only as long as the latency of the
    answering doors justifies, and its other requests do not delay that.
    """
    threads, doors = ThreadPoolExecutor(max_workers=len(target.doors)), _Doors({door.name: [] for door in target.doors})
    asked = {
        door.name: threads.submit(_trouble_at, MlflowHttp(door, target.key_at(door), Evidence(), run), doors)
        for door in target.doors
    }
    threads.shutdown(wait=False)
    found = _troubles(asked, doors)
    doors.given_up.set()
    grace = doors.grace
    marked = []
    for door in target.doors:
        if trouble := found[door.name]:
            marked.append(replace(door, broken=trouble, patience=min(door.patience, grace)))
        else:
            marked.append(door)
    return replace(target, doors=tuple(marked))


def _troubles(asked: Mapping[str, Future[str]], doors: _Doors) -> dict[str, str]:
    """Return door -> why nothing can be judged there, empty if it works, as soon as that is known."""
    began, waiting = time.monotonic(), set(asked.values())
    while waiting:
        works = any(done.done() and not done.result() for done in asked.values())
        left = began + doors.grace - time.monotonic() if works else None
        if left is not None and left <= 0:
            break
        _, waiting = wait(waiting, timeout=left, return_when=FIRST_COMPLETED)
    waited = time.monotonic() - began
    return {name: done.result() if done.done() else _silent(doors.met[name], waited) for name, done in asked.items()}


def _silent(met: Sequence[Exchange], waited: float) -> str:
    """Return the message for a door that did not answer in time, with its earlier responses."""
    before = f", after it had said: {met[-1]}" if met else ""
    return f"it said nothing for {waited:.1f} s, while another door answered{before}"


def features_at(door: MlflowHttp, version: str) -> dict[str, Feature]:
    """Return the features that a door has or lacks for certain; unknown ones are left out.

    ``version`` is MLflow's reported version.
    """
    info = door.server_info()
    return {
        **_announced(info, version),
        **_interface(door),
        **_request_ids(info),
        **_permissions(door),
        **_workspaces(info),
    }


def _trouble_at(door: MlflowHttp, doors: _Doors) -> str:
    """Return why nothing can be judged at a door, empty if it answers a search with the suite's key.

    Each response is recorded in ``doors``; once these are given up no more is sent.
    """
    told = doors.met[door.door.name]
    for attempt in range(_ATTEMPTS):
        last = attempt == _ATTEMPTS - 1
        asked = door if last else replace(door, timeout=min(door.door.patience, _PATIENCE))
        try:
            told.append(asked.search_experiments())
        except Mismatch as problem:
            return f"{problem.expected}: {problem.actual}"
        if told[-1].ok and isinstance(told[-1].json(), dict):
            return ""
        if last or doors.given_up.wait(_PAUSE):
            break
    return _last_word(told)


def _last_word(met: Sequence[Exchange]) -> str:
    """Return the last connection result at a door, and its last response if there was none in the end."""
    answers = [each for each in met if each.status is not None]
    return f"{met[-1]}" if met[-1].status is not None or not answers else f"{met[-1]}, after it had said: {answers[-1]}"


def _announced(info: Exchange, version: str) -> dict[str, Feature]:
    document: Mapping[str, object] = info.document if info.ok and isinstance(info.json(), dict) else {}
    found = {}
    for feature, name in ANNOUNCED.items():
        if name in document:
            said = bool(document[name])
            found[feature] = Feature(said, f"GET {REST3}/server-info says {name}: {str(said).lower()}")
        elif feature == "presigned-downloads" and _before_announcements(version):
            found[feature] = Feature(False, f"clients ask for them from MLflow {_ANNOUNCING} on, this is {version}")
    return found


def _before_announcements(version: str) -> bool:
    try:
        return Version(version) < _ANNOUNCING
    except InvalidVersion:
        return False


def _interface(door: MlflowHttp) -> dict[str, Feature]:
    """Return whether the user interface is served: page or API, which need each other."""
    page = door.send("GET", "/")
    api = door.send("POST", "/ajax-api/2.0/mlflow/experiments/search", json={"max_results": 1})
    if page.ok or (api.ok and isinstance(api.json(), dict)):
        shown = page if page.ok else api
        return {"user-interface": Feature(True, f"{shown.method} {shown.url} is served")}
    if page.refused and api.refused:
        return {"user-interface": Feature(False, f"neither its page nor its API is served: {page}")}
    return {}


def _permissions(door: MlflowHttp) -> dict[str, Feature]:
    """Return whether MLflow has its own users with permissions."""
    met = door.get("users/current")
    if met.ok and isinstance(met.json(), dict):
        return {"permissions": Feature(True, f"{met.method} {REST}/users/current names the user")}
    return {"permissions": Feature(False, f"{met.method} {REST}/users/current is 404")} if met.status == 404 else {}


def _workspaces(info: Exchange) -> dict[str, Feature]:
    """Return whether MLflow has workspaces, as newer servers report."""
    document: Mapping[str, object] = info.document if info.ok and isinstance(info.json(), dict) else {}
    said = document.get("workspaces_enabled")
    if said is None:
        return {}
    return {"workspaces": Feature(bool(said), f"GET {REST3}/server-info says workspaces_enabled: {str(said).lower()}")}


def _request_ids(info: Exchange) -> dict[str, Feature]:
    if not info.request_id:
        return {}
    return {"request-ids": Feature(True, f"GET {REST3}/server-info carries X-Request-Id")}
