"""A line carries several requests on one connection, and says how each was answered."""

from __future__ import annotations

import http.client
import json
import socket
import threading

import pytest

from registry_conformance.judge.clients.connection import Connection
from registry_conformance.judge.clients.lives import Request
from registry_conformance.judge.evidence.recorder import Evidence
from registry_conformance.judge.expect import NotAllowed
from registry_conformance.judge.target.target import Door
from tests.http_servers import echo, raw


def at(url: str) -> Connection:
    """Return a line to a door under a prefix."""
    return Connection(Door("echo", f"{url}/prefix", 5), Evidence())


def test_requests_in_turn_share_a_connection() -> None:
    """Each request is answered on the connection of the first."""
    with echo() as url:
        assert at(url).in_turn([("/status/200", None), ("/status/404", "k"), ("/status/201", None)]) == [200, 404, 201]


def test_closed_connection_is_not_opened_again() -> None:
    """A server that closes after its first answer is told by an exception."""

    def answer_once(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    with raw(answer_once) as url, pytest.raises((OSError, http.client.HTTPException)):
        at(url).in_turn([("/", None), ("/", None)])


def test_connection_that_ended_in_order_says_nothing_of_its_server() -> None:
    """A server may close a connection that is silent, or after an answer that says so; clients open another."""
    closed = threading.Event()

    def answer_once(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        connection.shutdown(socket.SHUT_WR)
        closed.set()

    def answer_last(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
        connection.recv(4096)

    for server in (answer_once, answer_last):
        with raw(server) as url, at(url).kept(None) as ask:
            assert ask(Request("GET", "/")).status == 200
            assert closed.wait(60)
            with pytest.raises(NotAllowed, match="in order"):
                ask(Request("GET", "/"))


def test_connection_goes_on() -> None:
    """A connection that stays open serves what comes next."""
    with echo() as url, at(url).kept(None) as ask:
        assert [ask(Request("GET", "/status/200")).status, ask(Request("GET", "/status/404")).status] == [200, 404]


def test_requests_at_once_keep_their_order_and_keys() -> None:
    """Pipelined requests are answered in order, and each carries its own key or none."""
    with echo() as url:
        answers = at(url).at_once([("/a", "one"), ("/b", None), ("/c", "three")])
    said = [json.loads(body) for _, body in answers]
    keys = [dict(each["headers"]).get("Authorization") for each in said]

    assert [each["target"] for each in said] == ["/prefix/a", "/prefix/b", "/prefix/c"]
    assert keys == ["Bearer one", None, "Bearer three"]


def test_http2_is_not_seen_where_it_is_not() -> None:
    """A server of HTTP/1.1 does not pass for one of HTTP/2."""
    with echo() as url:
        assert not at(url).speaks_http2()


def test_host_has_the_port() -> None:
    """Each request names the host with its port, as browsers and curl do."""
    with echo() as url:
        (_, first), (_, second) = at(url).at_once([("/a", None), ("/b", "k")])

    assert {dict(json.loads(body)["headers"])["Host"] for body in (first, second)} == {url.removeprefix("http://")}
