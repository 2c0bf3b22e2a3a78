"""TLS at a door: trusted authorities, and the result of a handshake."""

from __future__ import annotations

import socket
import ssl
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from registry_conformance.judge.clients.forward_proxy import reach
from registry_conformance.judge.clients.request_guard import authorize_connection
from registry_conformance.judge.evidence.recorder import Evidence
from registry_conformance.judge.target.requests import Permit
from registry_conformance.judge.target.target import Door

BELOW = {"TLSv1.2": "TLSv1.1", "TLSv1.3": "TLSv1.2"}
"""Version of TLS -> the one before it."""

OTHER_HOST, UNTRUSTED, TOO_OLD = "names another host", "by an unknown authority", "the server refuses this version"
"""What a handshake fails of, in words."""

_VERSIONS = {
    "TLSv1.1": ssl.TLSVersion.TLSv1_1,
    "TLSv1.2": ssl.TLSVersion.TLSv1_2,
    "TLSv1.3": ssl.TLSVersion.TLSv1_3,
}
_VERIFYING = {18: UNTRUSTED, 19: UNTRUSTED, 20: UNTRUSTED, 21: UNTRUSTED, 62: OTHER_HOST, 64: OTHER_HOST}
"""OpenSSL's verification error code -> what is wrong with the certificate."""


Files = tuple[Path, Path | None]
"""The file of a client's certificate, and of its key if that is another."""


def context(door: Door, certificate: Files | None = None) -> ssl.SSLContext:
    """Return a client's TLS context that trusts only the door's authorities, or those of its network.

    If its network verifies no certificates, it trusts everybody. ``certificate`` is the client certificate.
    """
    authorities = door.ca or door.network.ca
    trusting = ssl.create_default_context(cafile=str(authorities) if authorities else None)
    if door.network.insecure:
        trusting.check_hostname = False
        trusting.verify_mode = ssl.CERT_NONE
    if certificate is not None:
        trusting.load_cert_chain(*certificate)
    return trusting


def connect(
    permit: Permit, door: Door, timeout: float, offers: Sequence[str] = (), *, certificate: Files | None = None
) -> socket.socket:
    """Return a connection to the door, with TLS if it is ``https``; ``offers`` are ALPN protocols.

    Raises ``NotAllowed`` for a door that is not ``https`` behind a forward proxy, which changes the bytes.
    """
    parts = urlsplit(door.url)
    host = parts.hostname or ""
    line = reach(permit, door, timeout)
    if parts.scheme != "https":
        return line
    trusting = context(door, certificate)
    if offers:
        trusting.set_alpn_protocols(list(offers))
    return _wrapped(line, trusting, host)


@dataclass(frozen=True, slots=True)
class Handshake:
    """The result of a handshake: the negotiated ``version`` and ``protocol``, or the ``problem``."""

    version: str = ""
    protocol: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Handshakes:
    """Does TLS handshakes with one ``https`` door and disconnects."""

    door: Door
    evidence: Evidence

    def meet(self, *, only: str = "", host: str = "", offers: Sequence[str] = ()) -> Handshake:
        """Return the result of a handshake.

        ``only`` is the one TLS version that the client supports, ``host`` a server name other than the door's,
        ``offers`` the client's ALPN protocols.
        """
        trusting = context(self.door)
        if only:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)  # the check needs an outdated version
                trusting.minimum_version = trusting.maximum_version = _VERSIONS[only]
            trusting.set_ciphers("ALL:@SECLEVEL=0")  # else OpenSSL itself gives up before it asks
        if offers:
            trusting.set_alpn_protocols(list(offers))
        found = self._shaken(trusting, host)
        told = f" as {host}" * bool(host) + f" with {only} only" * bool(only)
        self.evidence.note(f"TLS handshake at {self.door.name}{told}: {found}")
        return found

    def _shaken(self, trusting: ssl.SSLContext, host: str) -> Handshake:
        parts = urlsplit(self.door.url)
        own = parts.hostname or ""
        try:
            line = reach(authorize_connection(self.door), self.door, self.door.patience)
            with _wrapped(line, trusting, host or own) as secured:
                return Handshake(secured.version() or "", secured.selected_alpn_protocol() or "")
        except ssl.SSLCertVerificationError as problem:
            return Handshake(problem=_VERIFYING.get(problem.verify_code, problem.verify_message))
        except ssl.SSLError as problem:
            return Handshake(problem=TOO_OLD if "ALERT_PROTOCOL_VERSION" in str(problem) else str(problem))
        except OSError as problem:
            return Handshake(problem=f"no connection: {problem}")


def _wrapped(line: socket.socket, trusting: ssl.SSLContext, host: str) -> ssl.SSLSocket:
    try:
        return trusting.wrap_socket(line, server_hostname=host)
    except BaseException:
        line.close()
        raise
