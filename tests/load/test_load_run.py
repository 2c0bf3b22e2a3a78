"""A load is put on a registry by processes of its own: when it ends, and what is told of one that is lost."""

from __future__ import annotations

import itertools
import json
import os
import re
import signal
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Set
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import psutil
import pytest

from registry_conformance.judge.load.load_run import FinishedLoad, LoadContext, load
from registry_conformance.judge.load.plan import LoadPlan
from registry_conformance.judge.target.target import Door, Target

RUN = "verify-20300101-000000-abcdef"


class Accepting(BaseHTTPRequestHandler):
    """A registry that acknowledges everything, and stores nothing."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    ids = itertools.count(1)
    asked: ClassVar[list[tuple[int, str]]] = []
    """Of each request that writes the port that its connection came from, and its path."""

    def do_GET(self) -> None:
        """Answer a read."""
        self._answer({"model_version": {"version": "1", "source": ""}})

    def do_POST(self) -> None:
        """Answer a write with what its client needs next."""
        self.asked.append((self.client_address[1], self.path))
        self._body()
        made = str(next(self.ids))
        self._answer(
            {
                "experiment_id": made,
                "run": {"info": {"run_id": made, "artifact_uri": f"mlflow-artifacts:/1/{made}/artifacts"}},
                "model_version": {"version": made},
            }
        )

    def do_PUT(self) -> None:
        """Take an artifact."""
        self._body()
        self._answer({})

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Keep the console quiet."""

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def _answer(self, document: object) -> None:
        body = json.dumps(document).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def target() -> Iterator[Target]:
    """A target whose registry acknowledges everything."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Accepting)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield Target("accepting", "live", (Door("canonical", f"http://127.0.0.1:{server.server_port}"),), {})
    server.shutdown()
    server.server_close()


def loaded(target: Target, folder: Path, plan: str, kill: Callable[[str], None] | None = None) -> FinishedLoad:
    """Return a load that was put on a target; ``kill`` is called when half of it is over."""
    around = LoadContext(folder, RUN, kill=kill, say=lambda _: None)
    return load(target, LoadPlan.parse(plan), around)


@pytest.mark.parametrize("workers", [0, 2])
def test_a_load_ends_when_so_many_registrations_are_acknowledged(workers: int, target: Target, tmp_path: Path) -> None:
    """However many processes make it, it ends soon after the last registration that was asked for, and not before."""
    said: list[str] = []
    around = LoadContext(tmp_path, RUN, say=said.append)
    happened = load(target, LoadPlan.parse(f"users=4 registrations=40 sizes=1KiB=1 workers={workers}"), around)
    registered = [one for one in happened.history.of("version") if one.user != "preparation" and one.acknowledged]

    assert len(registered) >= 40
    assert happened.lost_workers == ()
    assert said[-1].startswith("registered: ")


def personas(happened: FinishedLoad) -> Counter[str]:
    """Return how many users of a load did what."""
    kinds: dict[str, set[str]] = defaultdict(set)
    for one in happened.history.operations:
        if one.user.startswith("p") and one.user != "preparation":
            kinds[one.user].add(one.kind)
    return Counter(map(_persona, kinds.values()))


def _persona(kinds: Set[str]) -> str:
    """Return what a user that sends these kinds of requests does."""
    return next((kind for kind in ("run", "search-runs", "get") if kind in kinds), "alias")


def test_several_processes_have_the_users_of_one(target: Target, tmp_path: Path) -> None:
    """A coordinator and its workers bring as many users of each kind as a single process does."""
    alone = personas(loaded(target, tmp_path / "alone", "users=10 seconds=6 sizes=1KiB=1"))
    together = personas(loaded(target, tmp_path / "together", "users=10 seconds=6 sizes=1KiB=1 workers=3"))

    assert alone == together == {"run": 5, "get": 2, "search-runs": 1, "alias": 2}


def test_each_registration_has_a_connection_of_its_own(target: Target, tmp_path: Path) -> None:
    """A run begins on a new connection, and its registration ends on it."""
    Accepting.asked.clear()
    loaded(target, tmp_path, "users=1 registrations=5 sizes=1KiB=1")
    prepared, *began = [port for port, path in Accepting.asked if path.endswith("/runs/create")]
    registered = [
        port for port, path in Accepting.asked if path.endswith("/model-versions/create") and port != prepared
    ]

    assert len(registered) >= 5
    assert len({*began}) == len(began)
    assert registered == began[: len(registered)]


def test_a_load_that_is_asked_to_end_is_looked_at_all_the_same(target: Target, tmp_path: Path) -> None:
    """Users finish what they are doing, and the reason is told."""

    def ask_to_end(part: str) -> None:
        del part
        (leading,) = [each.pid for each in psutil.Process().children() if "generator" in " ".join(each.cmdline())]
        os.kill(leading, signal.SIGTERM)

    happened = loaded(target, tmp_path, "users=2 registrations=1000 sizes=1KiB=1 kill=mlflow", ask_to_end)

    assert [note.told["why"] for note in happened.history.noted("ended")] == ["it was stopped by SIGTERM"]
    assert 500 <= len([*happened.history.of("version")]) < 1000
    assert happened.lost_workers == ()


def test_a_worker_that_is_killed_is_told(target: Target, tmp_path: Path) -> None:
    """The load goes on with the others, and says which process is lost and how it ended."""

    def kill_the_last_worker(part: str) -> None:
        del part
        generators = [each.pid for each in psutil.Process().children() if "generator" in " ".join(each.cmdline())]
        os.kill(max(generators), signal.SIGKILL)

    happened = loaded(target, tmp_path, "users=4 seconds=6 sizes=1KiB=1 workers=2 kill=mlflow", kill_the_last_worker)
    (lost,) = happened.lost_workers
    later = [one for one in happened.history.of("run") if one.began > happened.killed_at]

    assert re.fullmatch(r"worker [23] ended in the middle of the load \(killed by SIGKILL\)", lost)
    assert {one.user[:2] for one in happened.history.of("run")} >= {"p2", "p3"}
    assert later, "the other worker went on"
