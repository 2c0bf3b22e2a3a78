"""The connection to a door, step by step: name, port, protocol, certificate."""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import SplitResult, urlsplit

from registry_conformance.judge.clients.forward_proxy import address_of, reach
from registry_conformance.judge.clients.request_guard import authorize_connection
from registry_conformance.judge.clients.tls import Files, context
from registry_conformance.judge.diagnosis.preflight import finding
from registry_conformance.judge.diagnosis.preflight.finding import Finding, Kind
from registry_conformance.judge.diagnosis.preflight.shown_certificate import INSPECTS, STANDS_IN, shown_certificate
from registry_conformance.judge.mismatch import NotAllowed, PreconditionFailed
from registry_conformance.judge.target.target import Door

_MOST = 4096
_HELLO = b"GET / HTTP/1.0\r\n\r\n"
_SSL_REQUEST = bytes.fromhex("0000000804d2162f")
"""How a client of PostgreSQL asks for TLS; it is answered with one letter, and other bytes with nothing."""
_TLS_WORDS = re.compile(rb"HTTPS port|HTTPS server|SSL-enabled server port|HTTPS scheme", re.IGNORECASE)
_NO_BODY = re.compile(rb"^Content-Length: *0\r?$", re.IGNORECASE | re.MULTILINE)
_NONE_SET = (
    "set the certificate of this host name where TLS ends (in Kubernetes the secret under tls of the Ingress, for this "
    "very host, in the same namespace); nobody should trust the one that is shown"
)
_INSPECTED = (
    "name the file of your network's authority in MLFLOW_TRACKING_SERVER_CERT_PATH (or REQUESTS_CA_BUNDLE): its "
    "administrators have it, and it may be among the system's authorities; or have them except this host"
)
_CLOCKS_DIFFER = timedelta(minutes=5)
"""Two clocks that differ by more are not both right."""
_NOT_YET = 9
"""OpenSSL's X509_V_ERR_CERT_NOT_YET_VALID."""
_EXPIRED = frozenset({9, 10, 11, 12})
_NOTHING_SAID = (OSError, ValueError, NotAllowed, PreconditionFailed)
"""How a question ends to which nothing comes back, or which may not be sent, as to a door that is silent for long."""
_NO_WAY = "publish an IPv4 address for the host as well, or let this machine reach IPv6 addresses"
_IDLE = "look at what listens there: it accepts connections and answers none, which no firewall does"
_OTHER_AUTHORITY = (
    "put the authority that issued it into that file, or name another file: MLFLOW_TRACKING_SERVER_CERT_PATH (in the "
    "file of an environment, ca) counts before REQUESTS_CA_BUNDLE, and either before the system's authorities"
)
_ISSUER_MISSING = 20
"""OpenSSL's X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY: the chain breaks off before an authority that is known."""
_WHOLE_CHAIN = (
    f"if that file holds the root, have the operator serve the certificates between as well (the full chain); else "
    f"{_OTHER_AUTHORITY}"
)
_HTTP2 = rb"\x00.{2}\x04\x00\x00\x00\x00\x00"
"""The frame of settings with which each side of HTTP/2 begins (RFC 9113, 3.4)."""
_SERVICES = (
    ("SSH", rb"SSH-"),
    ("Redis", rb"-(?:ERR|NOAUTH|DENIED|MISCONF)\b"),
    ("PostgreSQL", rb"E.{4}S(?:FATAL|ERROR)\x00"),
    ("MySQL or MariaDB", rb".{3}\x00\x0a\d+\."),
    ("a mail server", rb"220[ -].*(?:E?SMTP|mail)"),
    ("an FTP server", rb"220[ -].*FTP"),
    ("AMQP", rb"AMQP"),
)
"""Name of what is spoken, and how what a port says begins."""
_OTHER_NAME = frozenset({62, 63, 64})
"""OpenSSL's codes of a certificate that is out of its time, or names another host."""
_NAME_UNKNOWN = "UNRECOGNIZED_NAME"
"""How OpenSSL calls the refusal of a name that a server has no certificate for."""


def not_connected(door: Door) -> Finding | None:
    """Return what prevents a connection: the name, the port, a timeout."""
    host, port = _place(urlsplit(door.url))
    if proxy := door.network.proxy_for(door.url):
        return _not_let_through(door, proxy)
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError:
        return _met(finding.NAME, f"{host} is no name that a DNS could have: a part of it is empty or too long")
    except OSError as problem:
        words = f"the name {host} does not resolve on this machine ({problem.strerror or problem})"
        return _met(finding.NAME, words)
    return _not_opened(door, sorted({str(address[0]) for *_, address in found}))


def _not_opened(door: Door, addresses: Sequence[str]) -> Finding | None:
    """Return why no connection to a door with these addresses can be opened."""
    host, port = _place(urlsplit(door.url))
    at = f"{_named(host, port)}" + (f" ({', '.join(addresses[:3])})" if addresses != [host] else "")
    try:
        with authorize_connection(door):
            socket.create_connection((host, port), timeout=door.patience).close()
    except TimeoutError:
        return _met(finding.SILENT, f"{at} does not answer within {door.patience:.0f} s")
    except ConnectionRefusedError:
        return _met(finding.PORT, f"nothing listens at {at}: the connection is refused")
    except OSError as problem:
        newer = "; it has IPv6 addresses alone" if all(":" in address for address in addresses) else ""
        sentence = f"no way from this machine to {at}: {problem.strerror or problem}{newer}"
        return Finding(finding.SILENT, sentence, _NO_WAY if newer else finding.SILENT.remedy)
    return None


def _not_let_through(door: Door, proxy: str) -> Finding | None:
    """Return why a forward proxy does not connect the client to the door."""
    host, port = address_of(proxy)
    try:
        if door.url.startswith("https:"):
            reach(authorize_connection(door), door, door.patience).close()
        else:
            with authorize_connection(door):
                socket.create_connection((host, port), timeout=door.patience).close()
    except OSError as problem:
        words = f"the forward proxy {_named(host, port)} does not connect: {problem.strerror or problem}"
        return _met(finding.TUNNEL, words)
    return None


def not_secured(door: Door, certificate: Files | None = None) -> Finding | None:
    """Return what is wrong with TLS at an ``https`` door; no request is sent. ``certificate`` is the client's."""
    parts = urlsplit(door.url)
    if parts.scheme != "https":
        return None
    host, _ = _place(parts)
    try:
        with (
            reach(authorize_connection(door), door, door.patience) as line,
            context(door, certificate).wrap_socket(line, server_hostname=host),
        ):
            return None
    except ssl.SSLCertVerificationError as problem:
        return _distrusted(door, problem)
    except (OSError, ValueError) as problem:
        return _no_handshake(door, problem)


def _distrusted(door: Door, problem: ssl.SSLCertVerificationError) -> Finding:
    host, port = _place(urlsplit(door.url))
    if problem.verify_code in _EXPIRED:
        return _out_of_time(door, problem)
    if problem.verify_code in _OTHER_NAME:
        return _met(
            finding.OTHER_NAME, f"the certificate of {_named(host, port)} is for another name: {problem.verify_message}"
        )
    words = f"the certificate of {_named(host, port)} is not trusted here: {problem.verify_message}"
    issuer = shown_certificate(door).issuer
    words += f"; it was issued by {issuer!r}" if issuer else ""
    if known := _by_issuer(issuer, words):
        return known
    authorities = door.ca or door.network.ca
    if authorities is None:
        return _met(finding.UNTRUSTED, words)
    words += f"; the file of authorities that is given, {authorities.name}, does not vouch for it"
    if problem.verify_code != _ISSUER_MISSING:
        return Finding(finding.UNTRUSTED, words, _OTHER_AUTHORITY, (words,))
    words += ", or the server does not send the certificates between the two"
    return Finding(replace(finding.UNTRUSTED, sure=False), words, _WHOLE_CHAIN, (words,))


def _by_issuer(issuer: str, words: str) -> Finding | None:
    """Return what the name of an issuer tells, ``None`` if it may be an authority of the registry's own."""
    if INSPECTS.search(issuer):
        words += (
            ", as an inspection of TLS in the network does: most likely that answers, and the registry's own is behind"
        )
        return Finding(replace(finding.UNTRUSTED, sure=False), words, _INSPECTED, (words,))
    if STANDS_IN.search(issuer):
        words += ", as a proxy or an ingress controller does that has no certificate for this host name"
        return Finding(replace(finding.UNTRUSTED, whose=finding.OPERATORS), words, _NONE_SET, (words,))
    return None


def _out_of_time(door: Door, problem: ssl.SSLCertVerificationError) -> Finding:
    """Return that a certificate is out of its time: by this machine's clock alone, or by that of who shows it too."""
    words = f"the certificate of {_named(*_place(urlsplit(door.url)))} is out of its time: {problem.verify_message}"
    shown, here = shown_certificate(door, clock=True), datetime.now(UTC)
    if (validity := shown.validity) is None:
        return _met(finding.EXPIRED, words)
    words += f" (valid from {validity.begins:%Y-%m-%d %H:%M} to {validity.ends:%Y-%m-%d %H:%M} UTC)"
    if shown.clock is None:
        kind = replace(finding.EXPIRED, sure=problem.verify_code != _NOT_YET)
        return Finding(kind, f"{words}; this machine's clock says {here:%Y-%m-%d %H:%M}", kind.remedy)
    if validity.begins <= shown.clock <= validity.ends and abs(shown.clock - here) > _CLOCKS_DIFFER:
        words += f"; this machine's clock says {here:%Y-%m-%d %H:%M}, and who shows it {shown.clock:%Y-%m-%d %H:%M}"
        return _met(finding.CLOCK, words)
    return _met(finding.EXPIRED, words)


def _no_handshake(door: Door, problem: Exception) -> Finding:
    """Return why a handshake failed: plain HTTP, TLS rejected, or no response."""
    parts = urlsplit(door.url)
    host, port = _place(parts)
    said = _said_to(door, _HELLO)
    if said.startswith(b"HTTP/") and not _TLS_WORDS.search(said):
        plain = _as(parts, "http")
        sentence = f"port {port} of {host} speaks plain HTTP, not TLS: the address is {plain}"
        return Finding(
            finding.HTTP_ONLY, sentence, f"use {plain}, or the port at which TLS is spoken", (_quoted(said),)
        )
    if isinstance(problem, TimeoutError):
        return Finding(finding.SILENT, f"{_named(host, port)} takes connections and answers no TLS handshake", _IDLE)
    if isinstance(problem, ssl.SSLError) and _NAME_UNKNOWN in str(problem):
        words = f"{_named(host, port)} has no certificate for the name {host}, and refuses the TLS handshake for it"
        return _met(finding.OTHER_NAME, words)
    if isinstance(problem, ssl.SSLError) and "ALERT" in str(problem):
        return _met(finding.HANDSHAKE, f"{_named(host, port)} refuses the TLS handshake: {problem.reason or problem}")
    if said:
        return _met(finding.NO_HTTP, f"{_named(host, port)} speaks neither TLS nor HTTP/1: {_spoken(said)}")
    words = f"{_named(host, port)} closes the connection during the TLS handshake ({problem})"
    return _met(finding.HANDSHAKE, words)


def speaks_tls(door: Door) -> Finding | None:
    """Return that a port given as ``http`` supports TLS, if a handshake succeeds."""
    parts = urlsplit(door.url)
    if parts.scheme != "http":
        return None
    host, port = _place(parts)
    anyone = ssl.create_default_context()
    anyone.check_hostname = False
    anyone.verify_mode = ssl.CERT_NONE  # nothing is sent on it: only whether TLS is spoken is asked
    try:
        with (
            reach(authorize_connection(door), door, door.patience) as line,
            anyone.wrap_socket(line, server_hostname=host) as secured,
        ):
            version = secured.version()
    except ssl.SSLError as problem:
        if "ALERT" not in str(problem):
            return None
        version = "TLS"
    except _NOTHING_SAID:
        return None
    secure = _as(parts, "https")
    sentence = f"port {port} of {host} speaks TLS ({version}), not plain HTTP: the address is {secure}"
    return Finding(finding.TLS_ONLY, sentence, f"use {secure}")


def not_http(door: Door, error: str) -> Finding:
    """Return why a request got no readable response; ``error`` is the transport error."""
    if tls := speaks_tls(door):
        return tls
    host, port = _place(urlsplit(door.url))
    kind = error.partition(":")[0]
    if "more than" in error and "headers" in error:
        words = (
            f"{_named(host, port)} answers with more than 100 headers, more than Python's clients, MLflow's too, accept"
        )
        return _met(finding.BAD_HTTP, words)
    if kind == "timeout":
        words = f"{_named(host, port)} takes connections and answers no request within {door.patience:.0f} s"
        return Finding(finding.SILENT, words, _IDLE)
    if kind == "protocol":
        return _no_http(door, error)
    if wanted := _certificate_wanted(door):
        words = f"{_named(host, port)} wants a client certificate, and none was given: {wanted}"
        return _met(finding.CLIENT_CERTIFICATE, words)
    return _hung_up(door)


def _hung_up(door: Door) -> Finding:
    """Return that a port closes connections without an answer; PostgreSQL does, unless it is asked in its own way."""
    named = _named(*_place(urlsplit(door.url)))
    if _said_to(door, _SSL_REQUEST) in (b"S", b"N"):
        return _met(finding.NO_HTTP, f"{named} speaks no HTTP/1: it seems to be PostgreSQL")
    if _agreed(door, "h2", "http/1.1") == "h2" and not _agreed(door, "http/1.1"):
        words = f"{named} offers HTTP/2 alone, and closes the connection on HTTP/1.1, which the MLflow client speaks"
        return _met(finding.HTTP2_ALONE, words)
    return _met(finding.CUT, f"{named} accepts the connection and closes it without an answer")


def _agreed(door: Door, *offers: str) -> str:
    """Return which protocol of those offered (ALPN) a TLS port agrees to, empty if it agrees to none."""
    parts = urlsplit(door.url)
    if parts.scheme != "https":
        return ""
    offering = context(door)
    offering.set_alpn_protocols(offers)
    try:
        with (
            reach(authorize_connection(door), door, door.patience) as line,
            offering.wrap_socket(line, server_hostname=parts.hostname) as secured,
        ):
            return secured.selected_alpn_protocol() or ""
    except _NOTHING_SAID:
        return ""


def _no_http(door: Door, error: str) -> Finding:
    """Return what came instead of a response: another protocol, or invalid HTTP."""
    host, port = _place(urlsplit(door.url))
    said = _said_to(door, _HELLO)
    if re.match(_HTTP2, said, re.DOTALL):
        words = f"{_named(host, port)} speaks HTTP/2 alone, as gRPC has it; the MLflow client speaks HTTP/1.1"
        return _met(finding.HTTP2_ALONE, words)
    if said and not said.startswith(b"HTTP/"):
        return _met(finding.NO_HTTP, f"{_named(host, port)} speaks no HTTP/1: {_spoken(said)}")
    return _met(finding.BAD_HTTP, f"the answer of {_named(host, port)} breaks HTTP: {error.partition(': ')[2][:120]}")


def _certificate_wanted(door: Door) -> str:
    """Return how a TLS port requests a client certificate after the handshake, empty if it does not."""
    parts = urlsplit(door.url)
    if parts.scheme != "https":
        return ""
    try:
        with (
            reach(authorize_connection(door), door, door.patience) as line,
            context(door).wrap_socket(line, server_hostname=parts.hostname) as secured,
        ):
            secured.recv(1)  # nothing was asked: what comes is about the handshake
    except ssl.SSLError as problem:
        return problem.reason or "" if "CERTIFICATE" in str(problem) else ""
    except _NOTHING_SAID:
        return ""
    return ""


def _said_to(door: Door, request: bytes) -> bytes:
    """Return the beginning of a port's response to plain text, empty if none."""
    try:
        with reach(authorize_connection(door), door, door.patience) as line:
            line.sendall(request)
            return line.recv(_MOST)
    except _NOTHING_SAID:
        return b""


def malformed_answer(door: Door) -> tuple[int | None, tuple[tuple[str, str], ...], str]:
    """Return status, headers and text of the response to a malformed request.

    No product forwards such a request, so the response comes from the part in front. It has no key.
    """
    parts = urlsplit(door.url)
    host, _ = _place(parts)
    request = f"GET / HTTP/1.1\r\nHost: {parts.netloc}\r\nConnection: close\r\nno colon here\r\n\r\n".encode()
    said = b""
    try:
        with reach(authorize_connection(door), door, door.patience) as line:
            wrapped = context(door).wrap_socket(line, server_hostname=host) if parts.scheme == "https" else line
            with wrapped:
                wrapped.sendall(request)
                while len(said) < _MOST and (chunk := wrapped.recv(_MOST)):
                    said += chunk
                    head, ended, body = said.partition(b"\r\n\r\n")
                    if body or (ended and _NO_BODY.search(head)):
                        break
    except _NOTHING_SAID:
        pass  # what was said until then is enough
    return _read(said)


def _read(said: bytes) -> tuple[int | None, tuple[tuple[str, str], ...], str]:
    head, _, body = said.decode("latin-1").partition("\r\n\r\n")
    first, *lines = head.split("\r\n")
    found = re.match(r"HTTP/\d\.\d (\d{3})", first)
    pairs = (line.partition(":") for line in lines)
    headers = tuple((name.strip(), value.strip()) for name, colon, value in pairs if colon)
    return (int(found[1]) if found else None), headers, body


def _met(kind: Kind, sentence: str) -> Finding:
    return Finding(kind, sentence, kind.remedy)


def _place(parts: SplitResult) -> tuple[str, int]:
    return parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)


def _named(host: str, port: int) -> str:
    """Return a host and port for a message; an IPv6 address is in square brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _as(parts: SplitResult, scheme: str) -> str:
    """Return a URL with another scheme; an explicit port is kept."""
    return parts._replace(scheme=scheme).geturl()


def _spoken(said: bytes) -> str:
    """Return the protocol of a port that is not HTTP, if known, and the beginning of its data."""
    known = next((name for name, pattern in _SERVICES if re.match(pattern, said, re.DOTALL)), "")
    return f"it seems to be {known}, and says {_quoted(said)}" if known else f"it says {_quoted(said)}"


def _quoted(said: bytes) -> str:
    line = said.decode("utf-8", "backslashreplace").splitlines()[0] if said else ""
    return repr("".join(letter if letter.isprintable() else "?" for letter in line)[:80])
