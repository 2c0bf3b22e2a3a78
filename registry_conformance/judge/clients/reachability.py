"""The connection to a door step by step: name, port, certificate."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

from registry_conformance.judge.clients.request_guard import authorize_connection
from registry_conformance.judge.clients.tls import OTHER_HOST, UNTRUSTED, Handshakes
from registry_conformance.judge.evidence.recorder import Evidence
from registry_conformance.judge.expect import Mismatch, PreconditionFailed
from registry_conformance.judge.target.target import Door

_CERTIFICATES = {
    UNTRUSTED: "a certificate by an unknown authority, as one that vouches for itself",
    OTHER_HOST: "a certificate that names another host",
}


@dataclass(frozen=True, slots=True)
class ConnectionSteps:
    """The steps of connecting to one door; a step that fails raises ``Mismatch``."""

    door: Door
    evidence: Evidence

    @property
    def host(self) -> str:
        """The door's host name."""
        return urlsplit(self.door.url).hostname or ""

    @property
    def port(self) -> int:
        """The door's port."""
        parts = urlsplit(self.door.url)
        return parts.port or (443 if parts.scheme == "https" else 80)

    @property
    def secured(self) -> bool:
        """Whether the door is ``https``."""
        return self.door.url.startswith("https:")

    def addresses(self) -> list[str]:
        """Return the addresses that the host name resolves to."""
        try:
            found = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)
        except socket.gaierror as problem:
            raise Mismatch(f"the name {self.host} to resolve", f"{problem.strerror}") from problem
        addresses = sorted({str(address[0]) for *_, address in found})
        self.evidence.note(f"{self.host} is {', '.join(addresses)}")
        return addresses

    def connect(self) -> None:
        """Open and close a connection; raise ``PreconditionFailed`` if the name does not resolve."""
        try:
            with authorize_connection(self.door):
                socket.create_connection((self.host, self.port), timeout=min(10.0, self.door.patience)).close()
        except socket.gaierror as problem:
            raise PreconditionFailed(f"the name {self.host} to resolve", f"{problem.strerror}") from problem
        except OSError as problem:
            raise Mismatch(f"a connection to {self.host}:{self.port}", problem.strerror or str(problem)) from problem
        self.evidence.note(f"{self.host}:{self.port} takes connections")

    def shake_hands(self) -> str:
        """Do a TLS handshake with certificate verification; return the negotiated TLS version."""
        met = Handshakes(self.door, self.evidence).meet()
        if met.problem:
            seen = _CERTIFICATES.get(met.problem, met.problem)
            raise Mismatch(f"a certificate that is good for {self.host} and believed here", seen)
        return met.version
