"""Before any request is believed: name, port, what is spoken there, certificate, and answers that cannot be read."""

from __future__ import annotations

import itertools
import re
import socket
import ssl
import threading
import time
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import trustme

from registry_conformance.judge.diagnosis.doctor import target_at
from registry_conformance.judge.diagnosis.facts import Facts
from registry_conformance.judge.diagnosis.preflight import Finding, examine
from registry_conformance.judge.diagnosis.preflight.turns import met_by_turns
from registry_conformance.judge.evidence.exchange import Exchange
from registry_conformance.judge.target.credential import ClientCertificate
from registry_conformance.judge.target.guard import Budget, Guard
from registry_conformance.judge.target.network import DIRECT, Network
from registry_conformance.judge.target.target import Door
from tests.http_servers import raw
from tests.web_answers import Answer, Asked, looked_at, mlflow, site


def found_at(url: str, patience: float = 2.0) -> Finding:
    """Return what ends the matter at a URL."""
    found = looked_at(url, patience=patience).finding
    assert found is not None
    return found


@pytest.fixture
def authority() -> trustme.CA:
    """An authority that this machine does not know."""
    return trustme.CA()


def served_by(authority: trustme.CA, *names: str) -> ssl.SSLContext:
    """Return a server's TLS context with a certificate for these names."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names).configure_cert(context)
    return context


def test_a_client_that_checks_no_certificate_is_judged_as_it_is(authority: trustme.CA) -> None:
    """A certificate that nobody vouches for ends nothing if the client was told to check none."""
    with site(mlflow, served_by(authority, "elsewhere.example")) as there:
        door = Door("given", there.url, 3.0, network=Network(insecure=True))
        assert examine(door, None, "run-1").finding is None
        assert examine(replace(door, network=DIRECT), None, "run-1").finding is not None  # control


def test_a_name_that_does_not_resolve_is_told() -> None:
    """A name that nobody has is the address's fault, and nothing is asked."""
    found = found_at("http://nowhere.invalid/api/mlflow")
    assert found.kind.id == "door-name-unknown"
    assert not found.kind.answered


def test_addresses_of_one_name_that_answer_differently_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name whose first address leads to another server is told with what each address answers, and no key is sent."""
    asked = socket.getaddrinfo

    def both(host: str | None, port: int, *rest: object, **more: object) -> object:
        hosts = ("127.0.0.2", "127.0.0.1") if host == "registry.test" else (host,)
        return [found for each in hosts for found in asked(each, port, *rest, **more)]  # type: ignore[arg-type] # handed on as they came

    monkeypatch.setattr(socket, "getaddrinfo", both)
    with site(mlflow) as there:
        port = int(there.url.rpartition(":")[2])
        with socket.create_server(("127.0.0.2", port)) as other:
            other.settimeout(5.0)
            threading.Thread(target=_not_found, args=(other,), daemon=True).start()
            found = found_at(f"http://registry.test:{port}")
        assert not there.credentials
    assert found.kind.id == "addresses-differ"
    assert "127.0.0.2 answers 404 (other), 127.0.0.1 answers 200" in found.sentence


def test_an_address_that_does_not_answer_is_no_other_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name one of whose addresses is out of reach, with a path at which no MLflow is, is told as a wrong path."""
    asked = socket.getaddrinfo

    def both(host: str | None, port: int, *rest: object, **more: object) -> object:
        hosts = ("127.0.0.2", "127.0.0.1") if host == "registry.test" else (host,)
        return [found for each in hosts for found in asked(each, port, *rest, **more)]  # type: ignore[arg-type] # handed on as they came

    monkeypatch.setattr(socket, "getaddrinfo", both)
    with site(mlflow) as there:
        found = found_at(f"http://registry.test:{there.url.rpartition(':')[2]}/wrong")
    assert found.kind.id == "no-mlflow-at-this-path"


def _not_found(listener: socket.socket) -> None:
    """Answer each connection with a page that is not there, until the listener is closed."""
    page = b"HTTP/1.1 404 Not Found\r\nServer: other\r\nContent-Type: text/html\r\nContent-Length: 0\r\n\r\n"
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        with connection:
            connection.settimeout(2.0)
            try:
                connection.recv(4096)
                connection.sendall(page)
            except OSError:
                continue


def test_a_closed_port_is_told() -> None:
    """A port at which nobody listens is told with its number."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    found = found_at(f"http://127.0.0.1:{port}")
    assert found.kind.id == "door-port-closed"
    assert f"127.0.0.1:{port}" in found.sentence


def test_https_to_plain_http_is_told_with_the_address_to_use() -> None:
    """A port that speaks plain HTTP is told as that, and no request is sent to it."""
    with site(mlflow) as there:
        found = found_at(there.url.replace("http:", "https:"))
        assert not there.credentials
    assert found.kind.id == "address-https-to-plain-http"
    assert f"use {there.url}" in found.remedy


def test_http_to_tls_is_told_with_the_address_to_use(authority: trustme.CA) -> None:
    """A port that speaks TLS is told as that, whoever signed its certificate."""
    with site(mlflow, served_by(authority, "127.0.0.1")) as there:
        found = found_at(there.url.replace("https:", "http:"))
    assert found.kind.id == "address-http-to-tls"
    assert found.remedy == f"use {there.url}"


@pytest.mark.parametrize(
    ("names", "trusted", "kind"),
    [
        (("127.0.0.1",), False, "certificate-untrusted"),
        (("another.example",), True, "certificate-other-name"),
        (("127.0.0.1",), True, ""),
    ],
)
def test_a_certificate_that_is_not_good_is_told(
    authority: trustme.CA, tmp_path: Path, names: tuple[str, ...], *, trusted: bool, kind: str
) -> None:
    """A certificate by a stranger or for another name ends it, before any key is sent."""
    file = tmp_path / "authority.pem"
    (authority if trusted else trustme.CA()).cert_pem.write_to_path(str(file))
    with site(mlflow, served_by(authority, *names)) as there:
        found = examine(Door("given", there.url, 2.0, ca=file), "a-key-of-mine", "run-1", 2.0).finding
        asked = list(there.asked)
    assert (found.kind.id if found else "") == kind
    assert bool(asked) is not bool(kind)


@pytest.mark.parametrize("whole", [True, False])
def test_a_chain_that_is_not_served_whole_may_be_the_servers_fault(
    authority: trustme.CA, tmp_path: Path, *, whole: bool
) -> None:
    """A file with the root alone may be right: the server owes the certificates between."""
    file, own = tmp_path / "authority.pem", tmp_path / "server.pem"
    authority.cert_pem.write_to_path(str(file))
    issued = authority.create_child_ca().issue_cert("127.0.0.1")
    sent = issued.cert_chain_pems if whole else issued.cert_chain_pems[:1]
    own.write_bytes(b"".join(blob.bytes() for blob in (issued.private_key_pem, *sent)))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(own)
    with site(mlflow, context) as there:
        found = examine(Door("given", there.url, 2.0, ca=file), "a-key-of-mine", "run-1", 2.0).finding

    assert (found is None) is whole
    assert whole or (found is not None and not found.kind.sure and "full chain" in found.remedy)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_client_certificate_that_is_wanted_is_told(
    authority: trustme.CA, tmp_path: Path, version: ssl.TLSVersion
) -> None:
    """A port that asks for a client's certificate is told as that, or as a refused handshake that may be for it."""
    file = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(str(file))
    context = served_by(authority, "127.0.0.1")
    context.verify_mode = ssl.CERT_REQUIRED
    context.maximum_version = version
    with site(mlflow, context) as there:
        found = examine(Door("given", there.url, 2.0, ca=file), "a-key-of-mine", "run-1", 2.0).finding
    assert found is not None
    assert found.kind.id in ("client-certificate-wanted", "tls-refused")
    assert "MLFLOW_TRACKING_CLIENT_CERT_PATH" in found.remedy


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_client_certificate_that_is_given_is_used(
    authority: trustme.CA, tmp_path: Path, version: ssl.TLSVersion
) -> None:
    """Where no connection is made without a certificate, the one that was given decides."""
    file, own = tmp_path / "authority.pem", tmp_path / "client.pem"
    authority.cert_pem.write_to_path(str(file))
    authority.issue_cert("client.example").private_key_and_cert_chain_pem.write_to_path(str(own))
    context = served_by(authority, "127.0.0.1")
    authority.configure_trust(context)
    context.verify_mode = ssl.CERT_REQUIRED
    context.maximum_version = version
    with site(mlflow, context) as there:
        found = examine(Door("given", there.url, 2.0, ca=file), ClientCertificate(own), "run-1", 2.0)
    assert (found.finding, found.open) == (None, False)


def test_a_name_for_which_no_certificate_is_there_is_told(authority: trustme.CA, tmp_path: Path) -> None:
    """A server that knows other names alone refuses the handshake for this one, which is no matter of ciphers."""
    file = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(str(file))
    context = served_by(authority, "another.example")
    context.sni_callback = lambda *_: ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
    with site(mlflow, context) as there:
        url = there.url.replace("127.0.0.1", "localhost")
        found = examine(Door("given", url, 2.0, ca=file), "a-key-of-mine", "run-1", 2.0).finding
    assert found is not None
    assert found.kind.id == "certificate-other-name"
    assert "no certificate for the name localhost" in found.sentence


@pytest.mark.parametrize("host", [".", f"{'a' * 64}.example"])
def test_a_host_that_no_dns_can_have_is_told(host: str) -> None:
    """A name with an empty or endless part is told, without a traceback."""
    found = found_at(f"http://{host}/api/mlflow")
    assert found.kind.id == "door-name-unknown"
    assert "no name that a DNS could have" in found.sentence


@pytest.mark.parametrize(
    ("said", "kind", "told"),
    [
        (b"SSH-2.0-OpenSSH_9.2\r\n", "address-no-http", "it seems to be SSH, and says 'SSH-2.0"),
        (b"-ERR unknown command 'GET'\r\n", "address-no-http", "it seems to be Redis"),
        (b"E\x00\x00\x00\x84SFATAL\x00C0A000\x00", "address-no-http", "it seems to be PostgreSQL"),
        (b"\x00\x00\x06\x04" + bytes(11), "http2-alone", "speaks HTTP/2 alone"),
        (b"", "door-hangs-up", "closes it without an answer"),
        (
            b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: 1\r\n" % number for number in range(120)) + b"\r\n",
            "answer-unreadable",
            "more than 100 headers",
        ),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{", "answer-unreadable", "breaks off"),
    ],
)
def test_what_cannot_be_read_is_told(said: bytes, kind: str, told: str) -> None:
    """Another protocol, no answer, a flood of headers, half a body: each is told as it is."""

    def answer(connection: socket.socket) -> None:
        connection.settimeout(2.0)
        connection.recv(4096)
        connection.sendall(said)

    with raw(answer) as url:
        found = found_at(url)
    assert found.kind.id == kind
    assert told in found.sentence


@pytest.mark.parametrize(
    ("offered", "kind"), [(["h2"], "http2-alone"), (["h2", "http/1.1"], "door-hangs-up"), ([], "door-hangs-up")]
)
def test_a_port_that_speaks_http2_alone_is_told(
    offered: list[str], kind: str, authority: trustme.CA, tmp_path: Path
) -> None:
    """Where TLS agrees to HTTP/2 and to nothing else, the client's HTTP/1.1 is what is hung up on."""
    file = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(str(file))
    serving = served_by(authority, "127.0.0.1")
    serving.set_alpn_protocols(offered)

    def answer(connection: socket.socket) -> None:
        connection.settimeout(2.0)
        with suppress(OSError), serving.wrap_socket(connection, server_side=True) as secured:
            secured.recv(4096)

    with raw(answer) as url:
        door = Door("given", url.replace("http:", "https:"), 2.0, ca=file)
        found = examine(door, None, "run-1", 2.0).finding
    assert found is not None
    assert found.kind.id == kind


def test_postgresql_is_told_by_its_answer_to_its_own_clients() -> None:
    """PostgreSQL closes what speaks HTTP without a word, and answers who asks for TLS in its way."""

    def answer(connection: socket.socket) -> None:
        connection.settimeout(2.0)
        connection.sendall(b"N" if connection.recv(4096) == bytes.fromhex("0000000804d2162f") else b"")

    with raw(answer) as url:
        found = found_at(url)
    assert found.kind.id == "address-no-http"
    assert "it seems to be PostgreSQL" in found.sentence


def test_an_answer_that_does_not_end_is_told() -> None:
    """A body without an end is given up in bounded time, and told with what came."""

    def answer(connection: socket.socket) -> None:
        connection.settimeout(2.0)
        connection.recv(4096)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
        while True:
            try:
                connection.sendall(b"[" * 65536)
            except OSError:
                return

    with raw(answer) as url:
        found = found_at(url, patience=0.5)
    assert found.kind.id in ("answer-endless", "answer-unreadable")


def test_silence_is_told_though_nothing_more_may_be_sent(tmp_path: Path) -> None:
    """Kind: a finding that is lost with the next question. A guard that gives a silent door up ends the questions."""

    def answer(connection: socket.socket) -> None:
        connection.settimeout(10.0)
        while connection.recv(4096):
            pass

    with raw(answer) as url:
        guard = Guard(tmp_path / "run-1.sqlite", "run-1", Budget(100, 10**6, 9, 60.0), read_only=False, patience=2)
        guard.open()
        found = examine(Door("given", url, 0.3, guard=guard), None, "run-1", 0.3).finding
    assert found is not None
    assert found.kind.id == "door-silent"


def test_an_ipv6_address_is_named_in_brackets() -> None:
    """A host and port are told as they stand in a URL."""
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as server:
        port = server.getsockname()[1]
    assert f"nothing listens at [::1]:{port}" in found_at(f"http://[::1]:{port}").sentence


def test_server_that_was_just_started_is_not_silent() -> None:
    """Kind: a wall clock. The first search of a server that has just started takes long, and the second is answered."""
    turns = itertools.count()

    def answer(asked: Asked) -> Answer:
        if "experiments/search" in asked.path and not next(turns):
            time.sleep(1.5)
        return mlflow(asked)

    with site(answer) as there:
        assert looked_at(there.url, patience=0.5).finding is None


@pytest.mark.parametrize("first_is_old", [True, False])
def test_one_front_of_several_with_an_expired_certificate_is_told(
    authority: trustme.CA, tmp_path: Path, *, first_is_old: bool
) -> None:
    """Where every second connection meets an old certificate, no header is at fault, whichever is met first."""
    file = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(str(file))
    new, old, door = (ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER) for _ in range(3))
    for context in (new, door):
        authority.issue_cert("localhost").configure_cert(context)
    authority.issue_cert("localhost", not_after=datetime(2020, 2, 3, tzinfo=UTC)).configure_cert(old)
    turns = itertools.cycle((old, new) if first_is_old else (new, old))

    def by_turns(line: ssl.SSLSocket, *_: object) -> None:
        line.context = next(turns)

    door.sni_callback = by_turns  # type: ignore[assignment] # a server's sockets are such
    with site(mlflow, door) as there:
        url = there.url.replace("127.0.0.1", "localhost")
        found = examine(Door("given", url, 2.0, ca=file), "a-key-of-mine", "run-1", 2.0).finding
    assert found is not None
    assert (found.kind.id, found.kind.layer) == ("one-front-of-several", "network")
    assert re.search(r"\d+ of 10 connections to \S+ meet an expired certificate \(until 2020-02-03", found.sentence)


@pytest.mark.parametrize(
    ("date", "kind"),
    [
        ("Tue, 04 Feb 2020 03:04:05 GMT", "clock-of-this-machine"),
        ("Sun, 04 Feb 2018 03:04:05 GMT", "certificate-expired"),
        ("soon", "certificate-expired"),
    ],
)
def test_a_certificate_that_is_out_of_its_time_here_alone_is_a_matter_of_the_clock(
    authority: trustme.CA, tmp_path: Path, date: str, kind: str
) -> None:
    """Who shows it may have another clock, by which it is valid: then this machine's is wrong, most likely."""
    file = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(str(file))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    begins, ends = datetime(2020, 1, 1, tzinfo=UTC), datetime(2020, 12, 31, tzinfo=UTC)
    authority.issue_cert("localhost", not_before=begins, not_after=ends).configure_cert(context)
    with site(lambda _: Answer(200, b"", {"Date": date}), context) as there:
        url = there.url.replace("127.0.0.1", "localhost")
        found = examine(Door("given", url, 2.0, ca=file), "a-key-of-mine", "run-1", 2.0).finding
        keys = [value for asked in there.asked for value in asked.headers.values() if "a-key-of-mine" in value]
    assert found is not None
    assert found.kind.id == kind
    assert "from 2020-01-01" in found.sentence
    assert keys == []


@pytest.mark.parametrize(
    ("organization", "told", "advice"),
    [
        ("Zscaler Inc.", "inspection of TLS", "network's authority"),
        ("Ingress Controller Fake Certificate", "no certificate for this host name", "secret under tls"),
        ("Example Inc.", "issued by", "public authority"),
    ],
)
def test_who_issued_a_certificate_that_is_not_trusted_is_told(organization: str, told: str, advice: str) -> None:
    """The name of an issuer tells the network's own inspection, and a stand-in, from an authority of the registry."""
    with site(mlflow, served_by(trustme.CA(organization_name=organization), "127.0.0.1")) as there:
        found = examine(Door("given", there.url, 2.0), "a-key-of-mine", "run-1", 2.0).finding
    assert found is not None
    assert found.kind.id == "certificate-untrusted"
    assert organization in found.sentence and told in found.sentence
    assert advice in found.remedy


def test_what_fails_of_each_connection_is_no_matter_of_one_front(authority: trustme.CA, tmp_path: Path) -> None:
    """An expired certificate that every connection meets is told as that."""
    file = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(str(file))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost", not_after=datetime(2020, 2, 3, tzinfo=UTC)).configure_cert(context)
    with site(mlflow, context) as there:
        url = there.url.replace("127.0.0.1", "localhost")
        found = examine(Door("given", url, 2.0, ca=file), "a-key-of-mine", "run-1", 2.0).finding
    assert found is not None
    assert found.kind.id == "certificate-expired"


def test_a_front_that_is_met_late_is_asked_for(authority: trustme.CA, tmp_path: Path) -> None:
    """What a probe's request ended with in a handshake is asked of the door again, and of no other place."""
    file = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(str(file))
    new, old, door = (ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER) for _ in range(3))
    for context in (new, door):
        authority.issue_cert("localhost").configure_cert(context)
    authority.issue_cert("localhost", not_after=datetime(2020, 2, 3, tzinfo=UTC)).configure_cert(old)
    turns = itertools.cycle((*[new] * 5, old))

    def by_turns(line: ssl.SSLSocket, *_: object) -> None:
        line.context = next(turns)

    door.sni_callback = by_turns  # type: ignore[assignment] # a server's sockets are such
    with site(mlflow, door) as there:
        url = there.url.replace("127.0.0.1", "localhost")
        target = target_at(Door("given", url, 2.0, ca=file), None)
        told = []
        for place in (url, "https://store.example"):
            facts = Facts()
            met = Exchange("GET", f"{place}/x", "given", None, error="tls: certificate has expired")
            facts.record("put.P", "tls", "an upload", "200", (met.evidence(),))
            kept = met.evidence()
            del kept["error"]
            facts.record("register.run.P", "500", "a step of the client's own", "works", (kept,))
            told.append([found.kind.id for found in met_by_turns(target, facts)])
    assert told == [["one-front-of-several"], []]
