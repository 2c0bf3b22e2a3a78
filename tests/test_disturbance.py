"""Every act on a link does what it says, to the exchanges that its rule is about and to no others."""

from __future__ import annotations

import hashlib
import http.client
import json
import pickle
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from registry_conformance.lab.disturbance import (
    Answer,
    Break,
    CutBody,
    Delay,
    EditBody,
    FlipByte,
    OneAtATime,
    Remember,
    Rewrite,
    Rule,
    SetHeader,
    SetStatus,
    Stall,
    Twice,
    When,
)
from registry_conformance.lab.stack.process import free_ports
from tests.conftest import eventually
from tests.http_servers import echo, raw
from tests.test_links import answers, ask, stand

Armed = Callable[..., int]


@pytest.fixture
def armed(tmp_path: Path) -> Iterator[Armed]:
    """Stand before an echo with some rules; return the port."""
    started = []
    with echo() as url:

        def arm(*rules: Rule) -> int:
            (port,) = free_ports(1)
            started.append(stand(tmp_path, port, urlsplit(url).port or 0, tmp_path / "seen.jsonl", *rules))
            eventually(lambda: connects(port), "the link listens")
            return port

        yield arm
        for process in started:
            process.kill()
            process.wait()


def connects(port: int) -> bool:
    """Return whether a link listens."""
    try:
        http.client.HTTPConnection("127.0.0.1", port, timeout=5).connect()
    except OSError:
        return False
    return True


def echoed(port: int, method: str, path: str, body: bytes | None = None, **headers: str) -> dict[str, object]:
    """Return what the echo received."""
    status, raw = ask(port, method, path, headers, body)
    assert status == 200, raw
    seen = json.loads(raw)
    assert isinstance(seen, dict)
    return seen


ALL = When()


def test_answer_is_given_and_nothing_passes(armed: Armed, tmp_path: Path) -> None:
    """The link answers for the exchanges that fit, the server for the others."""
    port = armed(Rule(When(methods=("PUT",), path="^/a"), (Answer(418, "short"),)))

    assert ask(port, "PUT", "/a", {}, b"x") == (418, b"short")
    assert ask(port, "PUT", "/b", {}, b"x")[0] == 200
    assert ask(port, "GET", "/a", {})[0] == 200
    eventually(lambda: '"rules": [0]' in (tmp_path / "seen.jsonl").read_text(), "the record names the rule")


def test_only_some_of_the_exchanges_are_disturbed(armed: Armed) -> None:
    """The first ``skip`` pass, ``times`` are disturbed, the others pass."""
    port = armed(Rule(When(skip=1, times=2), (Answer(503),)))

    assert [ask(port, "GET", "/", {})[0] for _ in range(5)] == [200, 503, 503, 200, 200]


def test_only_later_requests_of_a_connection_are_disturbed(armed: Armed) -> None:
    """A rule about the second place of a connection lets its first request pass, on every connection."""
    port = armed(Rule(When(place=2), (Answer(503),)))
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as line:
        statuses = []
        for _ in range(3):
            line.request("GET", "/")
            answer = line.getresponse()
            answer.read()
            statuses.append(answer.status)

    assert statuses == [200, 503, 503]
    assert ask(port, "GET", "/", {})[0] == 200


def test_only_requests_beside_others_are_disturbed(armed: Armed) -> None:
    """A rule about two requests under way lets a lonely one pass, before and after two are there."""
    port = armed(Rule(When(path="^/slow"), (Delay(1.0),)), Rule(When(path="^/quick", at_once=2), (Answer(503),)))
    assert ask(port, "GET", "/quick", {})[0] == 200
    with ThreadPoolExecutor(1) as beside:
        slow = beside.submit(ask, port, "GET", "/slow", {})
        eventually(lambda: ask(port, "GET", "/quick", {})[0] == 503, "the slow one is under way")
        assert slow.result()[0] == 200
    eventually(lambda: ask(port, "GET", "/quick", {})[0] == 200, "nobody else is there any more")


def test_request_arrives_changed(armed: Armed) -> None:
    """Path, headers and body of the request are what the acts make of them."""
    acts = (
        Rewrite("^/door", ""),
        SetHeader("x-drop", None),
        SetHeader("x-set", "new"),
        CutBody(3),
        FlipByte(0),
        EditBody("b", "B", side="request"),
    )
    seen = echoed(armed(Rule(ALL, acts)), "PUT", "/door/path", b"abcdef", **{"x-drop": "1", "x-set": "old"})

    assert seen["target"] == "/path"
    assert seen["sha256"] == hashlib.sha256(b"\x9eBc").hexdigest()
    headers = {name.lower(): value for name, value in seen["headers"]}  # type: ignore[attr-defined] # pairs
    assert "x-drop" not in headers
    assert (headers["x-set"], headers["content-length"]) == ("new", "3")


def test_answer_arrives_changed(armed: Armed) -> None:
    """Status, headers and body of the answer are what the acts make of them, where the status fits."""
    acts = (SetStatus(201), SetHeader("x-more", "1", side="answer"), EditBody("(?s)^.*$", "gone"))
    port = armed(Rule(When(status="200"), acts), Rule(When(status="404"), (SetStatus(500),)))
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as line:
        line.request("GET", "/")
        answer = line.getresponse()
        assert (answer.status, answer.getheader("x-more"), answer.read()) == (201, "1", b"gone")


def test_what_the_server_saw_is_written_down(armed: Armed, tmp_path: Path) -> None:
    """The record holds the request as it reached the server, and the answer as it left there."""
    acts = (Rewrite("^/door", ""), CutBody(1), SetStatus(500), EditBody("(?s)^.*$", "gone"))
    assert ask(armed(Rule(ALL, acts)), "PUT", "/door/path", {}, b"abc") == (500, b"gone")
    seen = tmp_path / "seen.jsonl"
    eventually(lambda: seen.exists() and seen.stat().st_size > 0, "the exchange is written down")
    line = json.loads(seen.read_text())

    assert line["request"]["head"].startswith("PUT /path ")
    assert line["request"]["size"] == 1
    assert line["response"]["head"].split(" ")[1] == "200"
    assert line["response"]["size"] > len("gone")


@pytest.mark.parametrize("act", [Break(after=10), Break(after=5, side="answer"), Stall(0, seconds=0.1)])
def test_connection_is_reset(armed: Armed, act: Break | Stall) -> None:
    """A reset in mid-message, or after a silence, is an error for the client and no short success."""
    port = armed(Rule(ALL, (act,)))

    with pytest.raises((ConnectionError, http.client.IncompleteRead, http.client.RemoteDisconnected)):
        ask(port, "PUT", "/", {}, b"x" * 100_000)


def test_request_is_delayed(armed: Armed) -> None:
    """A delay is at least as long as it says."""
    port = armed(Rule(ALL, (Delay(0.3),)))
    began = time.monotonic()
    ask(port, "GET", "/", {})

    assert time.monotonic() - began >= 0.3


def test_request_is_sent_twice(armed: Armed, tmp_path: Path) -> None:
    """The server gets the request twice, the client one answer."""
    port = armed(Rule(When(methods=("POST",)), (Twice(),)))
    behind = tmp_path / "behind"
    behind.mkdir()
    (front,) = free_ports(1)
    process = stand(behind, front, port, behind / "seen.jsonl", Rule(When(methods=("POST",)), (Twice(),)))
    try:
        eventually(lambda: connects(front), "the link in front listens")
        assert echoed(front, "POST", "/", b"x")["size"] == 1
    finally:
        process.kill()
        process.wait()
    eventually(lambda: (tmp_path / "seen.jsonl").read_text().count("POST") == 2, "both were passed on")


def test_answer_is_remembered_for_everyone(armed: Armed) -> None:
    """The second who asks the same gets the first one's answer."""
    port = armed(Rule(When(path="^/same"), (Remember(),)))

    assert echoed(port, "GET", "/same", who="a") == echoed(port, "GET", "/same", who="b")
    assert echoed(port, "GET", "/other", who="a") != echoed(port, "GET", "/other", who="b")


def test_requests_go_one_at_a_time(armed: Armed) -> None:
    """Nothing is lost where requests wait for each other."""
    port = armed(Rule(ALL, (OneAtATime(),)))

    assert [ask(port, "GET", "/", {})[0] for _ in range(3)] == [200, 200, 200]


def test_a_request_whose_server_leaves_ends_its_turn(tmp_path: Path) -> None:
    """Who waits for its turn gets it, where the server hung up on the one before."""
    answered = threading.Event()

    def answer(line: socket.socket) -> None:
        if answered.is_set():
            line.recv(1000)
            line.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")

    (port,) = free_ports(1)
    with raw(answer) as url:
        upstream = urlsplit(url).port or 0
        link = stand(tmp_path, port, upstream, tmp_path / "seen.jsonl", Rule(ALL, (OneAtATime(), Delay(0.3))))
        try:
            eventually(lambda: connects(port), "the link listens")
            with pytest.raises(ConnectionError):
                ask(port, "GET", "/", {})
            answered.set()
            assert ask(port, "GET", "/", {})[0] == 204
        finally:
            link.kill()
            link.wait()


def test_rules_are_replaced_while_it_runs(armed: Armed, tmp_path: Path) -> None:
    """A new file of rules is in force for the next request, on connections that are open too."""
    port = armed()
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as line:
        line.request("GET", "/")
        line.getresponse().read()
        (tmp_path / "fresh").write_bytes(pickle.dumps({"mlflow": (Rule(ALL, (Answer(418),)),)}))
        (tmp_path / "fresh").replace(tmp_path / "rules")
        line.request("GET", "/")
        assert line.getresponse().status == 418
    assert not answers(port)
