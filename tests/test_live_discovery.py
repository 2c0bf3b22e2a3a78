"""What is found out of an environment before its checks run: broken doors, features, and where artifacts would go."""

from __future__ import annotations

import importlib
import itertools
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from registry_conformance.judge.clients.local_artifacts import LocalLocationError, refusing_local_artifacts
from registry_conformance.judge.clients.mlflow_http import MlflowHttp
from registry_conformance.judge.evidence.exchange import Exchange
from registry_conformance.judge.evidence.recorder import Evidence
from registry_conformance.judge.live import discovery
from registry_conformance.judge.live.discovery import features_at, with_broken_doors
from registry_conformance.judge.target.target import Door, Target
from tests.web_answers import Answer, Answering, Asked, site

Answers = dict[str, list[tuple[int, object]]]
"""Path -> the answers that are given there, one after the other, the last for good."""


@contextmanager
def serving(answers: Answers, request_id: str = "") -> Iterator[str]:
    """Serve these answers, 404 for all else; give the address."""

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            """Answer one request."""
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            left = answers.get(self.path.partition("?")[0], [(404, "<html>")])
            status, said = left.pop(0) if len(left) > 1 else left[0]
            body = said.encode() if isinstance(said, str) else json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Type", "text/html" if isinstance(said, str) else "application/json")
            self.send_header("Content-Length", str(len(body)))
            if request_id:
                self.send_header("X-Request-Id", request_id)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    for method in ("GET", "POST"):
        setattr(Handler, f"do_{method}", Handler.answer)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


SEARCH, INFO = "/api/2.0/mlflow/experiments/search", "/api/3.0/mlflow/server-info"
AJAX = "/ajax-api/2.0/mlflow/experiments/search"


def target_at(*urls: str) -> Target:
    """Return a target with a door at each address."""
    doors = tuple(Door(name, url) for name, url in zip(("canonical", "documented", "literal"), urls, strict=False))
    return Target("x", "live", doors, {})


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pause no second between two attempts."""
    monkeypatch.setattr(discovery, "_PAUSE", 0.0)


def test_door_that_answers_a_search_is_not_broken() -> None:
    """A door is broken by its last answer, not by one that fails while a deploy ends."""
    with serving({SEARCH: [(503, "starting"), (200, {})]}) as starting, serving({SEARCH: [(200, {})]}) as fine:
        target = with_broken_doors(target_at(fine, starting), "run")

    assert [door.broken for door in target.doors] == ["", ""]


@pytest.mark.parametrize(
    ("answers", "why"),
    [
        ({SEARCH: [(401, {"detail": "who"})]}, "401"),
        ({SEARCH: [(200, "<html>sign in")]}, "200 text/html"),
        ({}, "404"),
    ],
)
def test_door_that_answers_no_search_is_broken(answers: Answers, why: str) -> None:
    """A door that never answers a search as MLflow does is broken, and says how it was met."""
    with serving({SEARCH: [(200, {})]}) as fine, serving(answers) as other:
        target = with_broken_doors(target_at(other, fine), "run")

    assert why in target.doors[0].broken
    assert [door.name for door in target.working_doors] == ["documented"]
    assert target.describe()["broken_doors"] == {"canonical": target.doors[0].broken}


@contextmanager
def silent() -> Iterator[str]:
    """Take connections and say nothing; give the address."""
    with socket.create_server(("127.0.0.1", 0), backlog=16) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def test_silent_door_is_not_waited_for_where_another_works(monkeypatch: pytest.MonkeyPatch) -> None:
    """Once a door works, one that says nothing is given up before its own patience ends; alone it is waited for."""
    monkeypatch.setattr(discovery, "_LOST", 0.05)
    monkeypatch.setattr(discovery, "_PATIENCE", 1.5)
    with serving({SEARCH: [(200, {})]}) as fine, silent() as dead:
        beside = with_broken_doors(target_at(fine, dead), "run")
        alone = with_broken_doors(replace(target_at(dead), doors=(Door("literal", dead, patience=0.5),)), "run")

    assert [bool(door.broken) for door in beside.doors] == [False, True]
    assert "while another door answered" in beside.doors[1].broken
    assert beside.doors[1].patience < beside.doors[0].patience
    assert "timeout" in alone.doors[0].broken


@pytest.mark.parametrize(("slowest", "grace"), [(0.01, 1.55), (0.2, 2.5), (60.0, 10.0)])
def test_silent_door_is_waited_for_by_the_pace_of_the_others(slowest: float, grace: float) -> None:
    """The slower those answer that do, the longer a silent door is waited for, up to a bound."""
    answers = [Exchange("GET", "http://a", "", 200, seconds=seconds) for seconds in (slowest / 2, slowest)]
    silence = Exchange("GET", "http://b", "", None, seconds=900.0, error="timeout")

    assert discovery._Doors({"a": answers, "b": [silence]}).grace == pytest.approx(grace)


def test_what_a_door_said_before_it_fell_silent_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """A door that answers once and then says nothing is told with its answer."""
    monkeypatch.setattr(discovery, "_LOST", 0.05)
    monkeypatch.setattr(discovery, "_PATIENCE", 1.5)
    over = threading.Event()
    with serving({SEARCH: [(200, {})]}) as fine, site(once_until(over)) as fading:
        target = with_broken_doors(target_at(fine, fading.url), "run")
        over.set()

    assert "while another door answered, after it had said" in target.doors[1].broken
    assert "503" in target.doors[1].broken


def once_until(over: threading.Event) -> Answering:
    """Answer 503 once, and then only when all is over."""
    turns = itertools.count()

    def answer(_: Asked) -> Answer:
        if next(turns):
            over.wait(10)
        return Answer(503, "starting")

    return answer


def test_closed_port_is_a_broken_door() -> None:
    """A door that nobody listens at is broken; if all doors are, all are still the target's."""
    with serving({}) as gone:
        pass
    target = with_broken_doors(target_at(gone), "run")

    assert "refused" in target.doors[0].broken
    assert target.working_doors == target.doors


def features(
    answers: Answers, version: str = "3.17.2", request_id: str = "", without: tuple[str, ...] = ("permissions",)
) -> dict[str, bool]:
    """Return the features that a server of these answers shows to have or to lack, less some."""
    with serving(answers, request_id) as url:
        found = features_at(MlflowHttp(Door("canonical", url), None, Evidence(), "run"), version)
    assert all(feature.how for feature in found.values())
    return {name: feature.present for name, feature in found.items() if name not in without}


@pytest.mark.parametrize(
    ("answers", "version", "found"),
    [
        (
            {
                INFO: [(200, {"multipart_uploads_enabled": True, "multipart_downloads_enabled": False})],
                "/": [(200, "ui")],
            },
            "3.18.0",
            {"multipart-uploads": True, "presigned-downloads": False, "user-interface": True},
        ),
        ({AJAX: [(200, {})]}, "3.17.2", {"user-interface": True}),
        ({}, "3.9.0", {"presigned-downloads": False, "user-interface": False}),
        ({"/": [(502, "bad")]}, "3.17.2", {}),
        ({"/": [(200, "ui")]}, "not a version", {"user-interface": True}),
    ],
)
def test_features_are_found_out(answers: Answers, version: str, found: dict[str, bool]) -> None:
    """A feature is found where the server says so; what it leaves open, and what is in trouble, is in none."""
    assert features(answers, version) == found


@pytest.mark.parametrize(
    ("answer", "found"), [((200, {"user": {}}), True), ((404, "<html>"), False), ((403, {}), None), ((200, "ui"), None)]
)
def test_permissions_are_found_out(answer: tuple[int, object], found: bool | None) -> None:
    """MLflow has users of its own where it names the one that asks; what is neither named nor missing is left open."""
    seen = features({"/api/2.0/mlflow/users/current": [answer]}, without=())

    assert seen.get("permissions") is found


def test_request_ids_are_found() -> None:
    """A request id on an answer is a feature that is there."""
    assert features({"/": [(200, "ui")]}, request_id="r-1")["request-ids"]


def test_nothing_is_copied_to_a_location_on_the_clients_disk(tmp_path: Path) -> None:
    """The SDK refuses to upload to a path of this machine while that is asked for, and not after it."""
    local: Any = importlib.import_module("mlflow.store.artifact.local_artifact_repo")

    file = tmp_path / "a.txt"
    file.write_text("bytes")
    there = local.LocalArtifactRepository(str(tmp_path / "root"))
    with refusing_local_artifacts():
        with pytest.raises(LocalLocationError, match="a path on the disk of whoever uploads them"):
            there.log_artifact(str(file))
        with pytest.raises(LocalLocationError, match="nothing would leave this machine"):
            there.log_artifacts(str(tmp_path))
        assert not (tmp_path / "root").exists()
    there.log_artifact(str(file))

    assert (tmp_path / "root" / "a.txt").read_text() == "bytes"
