"""Forward proxies of a company's network: used for what the variables say, by tunnels and absolute URLs."""

from __future__ import annotations

import socket
from collections.abc import Callable

import pytest

from registry_conformance.judge.clients.mlflow_http import MlflowHttp
from registry_conformance.judge.clients.raw_bytes import Raw
from registry_conformance.judge.evidence.recorder import Evidence
from registry_conformance.judge.mismatch import NotAllowed
from registry_conformance.judge.target.network import Network
from registry_conformance.judge.target.target import Door
from tests.http_servers import raw

HTTP, HTTPS = "http://registry.example/api", "https://registry.example/api"


@pytest.mark.parametrize(
    ("url", "network", "proxy"),
    [
        (HTTP, Network(), ""),
        (HTTP, Network(http_proxy="http://p:1"), "http://p:1"),
        (HTTPS, Network(http_proxy="http://p:1"), ""),
        (HTTPS, Network(https_proxy="http://p:1", no_proxy="example"), ""),
        (HTTPS, Network(https_proxy="http://p:1", no_proxy=".example,other"), ""),
        (HTTPS, Network(https_proxy="http://p:1", no_proxy="gistry.example"), "http://p:1"),
        (HTTPS, Network(https_proxy="http://p:1", no_proxy="*"), ""),
        ("http://127.0.0.1:8080", Network(http_proxy="http://p:1", no_proxy="127.0.0.1"), ""),
    ],
)
def test_proxy_is_chosen_as_curl_chooses_it(url: str, network: Network, proxy: str) -> None:
    """The scheme chooses the proxy, and the hosts of NO_PROXY are asked without one."""
    assert network.proxy_for(url) == proxy


def answering(seen: list[bytes], answer: bytes) -> Callable[[socket.socket], None]:
    """Return a server that keeps what it reads first, and answers so."""

    def serve(connection: socket.socket) -> None:
        seen.append(connection.recv(65536))
        connection.sendall(answer)

    return serve


def test_http_door_is_asked_by_an_absolute_url() -> None:
    """A request to an http door goes to the forward proxy, with the door's whole URL and the proxy's own password."""
    seen: list[bytes] = []
    with raw(answering(seen, b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n")) as url:
        network = Network(http_proxy=url.replace("http://", "http://me:pass-word@"))
        met = MlflowHttp(Door("d", HTTP, 5, network=network), "hk_1234567", Evidence(), "run-1").health()

    assert met.status == 204, met
    assert seen[0].startswith(b"GET http://registry.example/api/health HTTP/1.1\r\nHost: registry.example\r\n")
    assert b"Proxy-Authorization: Basic bWU6cGFzcy13b3Jk\r\n" in seen[0]
    assert "bWU6" not in str(met.evidence())


def test_https_door_is_reached_by_a_tunnel() -> None:
    """An https door is asked through a tunnel: the forward proxy gets no key, and its refusal is told."""
    seen: list[bytes] = []
    with raw(answering(seen, b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")) as url:
        door = Door("d", HTTPS, 5, network=Network(https_proxy=url))
        met = MlflowHttp(door, "hk_1234567", Evidence(), "run-1").health()

    assert seen[0].startswith(b"CONNECT registry.example:443 HTTP/1.")
    assert b"hk_1234567" not in seen[0]
    assert met.status is None and "407" in met.error, met


def test_raw_bytes_go_through_a_tunnel_alone() -> None:
    """What must arrive byte for byte is not sent through a forward proxy that changes bytes."""
    network = Network(http_proxy="http://127.0.0.1:9")
    client = Raw(Door("d", HTTP, 5, network=network), None, Evidence(), "run-1")
    with pytest.raises(NotAllowed, match="forward proxy"):
        client.send("GET", client.at("/health"))
