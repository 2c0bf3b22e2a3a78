"""The certificate that is shown to whoever verifies none, and what the clock says of who shows it."""

from __future__ import annotations

import re
import ssl
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from registry_conformance.judge.clients.certificate_validity import Validity, issuer_of, validity_of
from registry_conformance.judge.clients.forward_proxy import reach
from registry_conformance.judge.clients.request_guard import authorize_connection
from registry_conformance.judge.clients.tls import context
from registry_conformance.judge.mismatch import NotAllowed, PreconditionFailed
from registry_conformance.judge.target.target import Door

_MOST = 16384
_DATE = re.compile(rb"^Date: *([^\r\n]{1,60})\r?$", re.IGNORECASE | re.MULTILINE)
INSPECTS = re.compile(
    r"Zscaler|Netskope|Forti(?:Gate|net|Guard)|Palo ?Alto|Blue ?Coat|Symantec Web|Sophos|McAfee|Skyhigh|Umbrella|"
    r"Check ?Point|Forcepoint|Websense|Barracuda|iboss|Cato Networks|Kaspersky|ESET|Avast|AVG|Bitdefender|mitmproxy|"
    r"Charles Proxy|Fiddler|SSL[- ](?:inspection|interception|decrypt)",
    re.IGNORECASE,
)
"""The names of what stands between a client and all its sites, and issues a certificate of its own for each."""

STANDS_IN = re.compile(r"Ingress Controller Fake Certificate|TRAEFIK DEFAULT CERT")
"""The names in the certificates that proxies show where none is set for a host name, and nowhere else."""


@dataclass(frozen=True, slots=True)
class Shown:
    """Who issued a certificate, empty if that is not known; its validity; and the clock of who shows it."""

    issuer: str = ""
    validity: Validity | None = None
    clock: datetime | None = None


def shown_certificate(door: Door, *, clock: bool = False) -> Shown:
    """Return what a door shows on a connection that verifies nothing; it is asked for its ``clock`` at most."""
    parts = urlsplit(door.url)
    anybody = context(door)
    anybody.check_hostname = False
    anybody.verify_mode = ssl.CERT_NONE
    try:
        with (
            reach(authorize_connection(door), door, door.patience) as line,
            anybody.wrap_socket(line, server_hostname=parts.hostname) as secured,
        ):
            certificate = secured.getpeercert(binary_form=True) or b""
            moment = _clock(secured, parts.netloc) if clock else None
            return Shown(issuer_of(certificate), validity_of(certificate), moment)
    except (OSError, ValueError, NotAllowed, PreconditionFailed):
        return Shown()


def _clock(secured: ssl.SSLSocket, host: str) -> datetime | None:
    """Return what time an answer says that it is, ``None`` if none does."""
    try:
        secured.sendall(f"GET / HTTP/1.1\r\nHost: {host.rpartition('@')[2]}\r\nConnection: close\r\n\r\n".encode())
        said = _DATE.search(secured.recv(_MOST))
        moment = parsedate_to_datetime(said[1].decode("ascii")) if said else None
    except (OSError, ValueError):
        return None
    return moment if moment is not None and moment.tzinfo is not None else None
