"""Whatever a server answers, our own clients end in bounded time and memory, with a sentence, and keep the key."""

from __future__ import annotations

import http.client
import json
import re
import tracemalloc
from collections.abc import Callable, Iterator

import pytest

from registry_conformance.judge.clients.bounded import MIB, MOST_BYTES
from registry_conformance.judge.clients.connection import Connection
from registry_conformance.judge.clients.http_sender import HttpSender
from registry_conformance.judge.clients.mlflow_http import MlflowHttp
from registry_conformance.judge.clients.partial_transfers import ask_first, hang_up_reading, under_way
from registry_conformance.judge.clients.raw_bytes import Raw
from registry_conformance.judge.evidence.exchange import Exchange
from registry_conformance.judge.evidence.json_document import DEEPEST, parsed
from registry_conformance.judge.evidence.recorder import Evidence
from registry_conformance.judge.expect import Mismatch
from registry_conformance.judge.target.target import Door
from registry_conformance.judge.visible import visible
from tests.doubles.hostile import BEHAVIOURS, Hostile, hostile

KEY = "hk_the_one_real_key"
PATH = "/api/2.0/mlflow/experiments/search"
MOST, PATIENCE, WHOLE = 4 * MIB, 0.3, 1.5
ERRORS = re.compile(r"(refused|timeout|tls|name|reset|protocol): \S.*")


def sent(server: Hostile) -> list[Exchange]:
    """Ask a server by each client that tells what became of it."""
    door = Door("hostile", server.url, patience=PATIENCE)
    sender = HttpSender(door, KEY, Evidence(), "run-1", deadline=WHOLE, most=MOST)
    raw = Raw(door, KEY, Evidence(), "run-1", deadline=WHOLE)
    return [
        sender.send("GET", PATH),
        sender.send("POST", PATH, json={"max_results": 1}),
        raw.send("GET", raw.at(PATH)),
    ]


@pytest.fixture
def peak() -> Iterator[Callable[[], int]]:
    """How many bytes this process has needed at most since the test began."""
    tracemalloc.start()
    yield lambda: tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()


@pytest.mark.parametrize("name", BEHAVIOURS)
def test_an_exchange_ends_and_is_told(name: str, peak: Callable[[], int]) -> None:
    """Kind: trust in an answer's form. Each behaviour ends within its bounds, and is told in a sentence."""
    with hostile(name) as server:
        exchanges = sent(server)
    for exchange in exchanges:
        assert exchange.status is not None or ERRORS.fullmatch(exchange.error), exchange
        assert exchange.response_body.size <= MOST_BYTES
        assert str(exchange) == visible(str(exchange))
        assert "\n" not in str(exchange)
        json.dumps(exchange.evidence())
        with pytest.raises((Mismatch, KeyError)):
            raise KeyError(exchange.document["experiments"][0]["tags"][0]["key"])
    assert peak() < 48 * MIB
    assert [asked for asked in server.strayed if KEY in asked.head] == []


@pytest.mark.parametrize("name", BEHAVIOURS)
def test_a_connection_ends_in_a_transport_problem_or_an_answer(name: str) -> None:
    """Kind: trust in an answer's form. Several requests on one connection end too."""
    with hostile(name) as server:
        connection = Connection(Door("hostile", server.url, patience=PATIENCE), Evidence())
        requests = [("/health", KEY), ("/version", None)]
        for ask in (connection.in_turn, connection.at_once):
            try:
                ask(requests)
            except (OSError, http.client.HTTPException, ValueError) as problem:
                assert str(problem) or type(problem).__name__


@pytest.mark.parametrize("name", BEHAVIOURS)
def test_half_an_exchange_ends(name: str) -> None:
    """Kind: trust in an answer's form. Uploads that ask first, or stop half-way, and cut downloads end as well."""
    with hostile(name) as server:
        wire = MlflowHttp(Door("hostile", server.url, patience=PATIENCE), KEY, Evidence(), "run-1", deadline=WHOLE)
        location = "mlflow-artifacts:/1/run/artifacts"
        asked = ask_first(wire, location, "a.bin", b"x" * 100)
        assert asked.status or ERRORS.fullmatch(asked.error), asked
        with under_way(wire, location, "b.bin", b"x" * 100):
            pass
        try:
            assert hang_up_reading(wire, location, "c.bin", after=10) <= 10
        except (OSError, http.client.HTTPException, ValueError) as problem:
            assert str(problem) or type(problem).__name__


@pytest.mark.parametrize("url", ["file:///etc/passwd", "http://[::", "ftp://x/y", "//x/y", "http:///x", "", 5, None])
def test_only_addresses_of_the_web_are_followed(url: str) -> None:
    """Kind: an address that an answer names. A URL that is none is told, not asked."""
    wire = MlflowHttp(Door("d", "http://127.0.0.1:9"), KEY, Evidence(), "run-1")
    with pytest.raises(Mismatch, match="can follow"):
        wire.follow("GET", url)


@pytest.mark.parametrize("text", [b"[" * 200_000, b'{"a":' * 900 + b"1" + b"}" * 900, b"1e999", b"NaN", b"9" * 10_000])
def test_what_cannot_be_held_is_no_json(text: bytes) -> None:
    """Kind: JSON that breaks its reader. Too deep, too large and no number at all are told alike: ``ValueError``."""
    with pytest.raises(ValueError, match=r"\S"):
        parsed(text)


def test_json_of_a_fair_depth_is_read() -> None:
    """Objects within one another are read down to the depth that is allowed."""
    assert parsed(b"[" * DEEPEST + b"]" * DEEPEST)
    with pytest.raises(ValueError, match="deep"):
        parsed(b"[" * (DEEPEST + 1) + b"]" * (DEEPEST + 1))
