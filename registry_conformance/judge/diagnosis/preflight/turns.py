"""Connections to one address that fare differently: behind it stand several fronts, and not all are in order."""

from __future__ import annotations

import ssl
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from registry_conformance.judge.clients.certificate_validity import Validity, validity_of
from registry_conformance.judge.clients.forward_proxy import reach
from registry_conformance.judge.clients.request_guard import authorize_connection
from registry_conformance.judge.clients.signing import certificate_of
from registry_conformance.judge.clients.tls import Files, context
from registry_conformance.judge.diagnosis.facts import Facts
from registry_conformance.judge.diagnosis.preflight import finding
from registry_conformance.judge.diagnosis.preflight.finding import Finding
from registry_conformance.judge.evidence.items import EvidenceItem
from registry_conformance.judge.mismatch import NotAllowed, PreconditionFailed
from registry_conformance.judge.target.target import Door, Target

_TIMES = 10
"""So many connections are opened: of two fronts that take turns at random, both are met all but surely."""
_EXPIRED = 10
"""OpenSSL's X509_V_ERR_CERT_HAS_EXPIRED."""
_RENEW = (
    "renew the certificate at the front that has the old one, or have that front read the new one (a reload); the "
    "fronts are those that a load balancer, or the DNS, leads connections to"
)


@dataclass(frozen=True, slots=True)
class _Met:
    """One connection: what it failed of, empty if it came about; the certificate that it met, and who answered."""

    problem: str = ""
    expired: bool = False
    validity: Validity | None = None
    peer: str = ""


def fares_by_turns(door: Door, certificate: Files | None = None) -> Finding | None:
    """Return that some connections to a door fail where others come about, ``None`` if all fare alike.

    Nothing is sent on them. Where one is not answered in time nothing is concluded: to try again takes too long.
    """
    try:
        met = [_connected(door, context(door, certificate)) for _ in range(_TIMES)]
        failed = [each for each in met if each.problem]
        good = [each for each in met if not each.problem]
        if not failed or not good:
            return None
        old, new = _old(door, failed, good), good[0].validity
    except (TimeoutError, NotAllowed, PreconditionFailed):
        return None
    problem, _ = Counter(each.problem for each in failed).most_common(1)[0]
    place = urlsplit(door.url).netloc.rpartition("@")[2]
    how_many, at = f"{len(failed)} of {len(met)} connections to {place}", _at(failed, good)
    seen = (f"a connection that fails: {problem}{_in_brackets(old)}", f"one that comes about{_in_brackets(new)}")
    if any(each.expired for each in failed):
        sentence = (
            f"{how_many} meet an expired certificate{_in_brackets(old)}, the others a valid one{_in_brackets(new)}: "
            f"one of several fronts has the old one{at}"
        )
        return Finding(finding.FRONTS, sentence, _RENEW, seen)
    sentence = f"{how_many} fail ({problem}), the others come about: one of several fronts is not in order{at}"
    return Finding(finding.FRONTS, sentence, finding.FRONTS.remedy, seen)


def met_by_turns(target: Target, facts: Facts) -> Iterator[Finding]:
    """Yield that connections to a door fail at times, if a request met that whose answer became a fact."""
    for door in target.doors:
        if any(_lost(item, door) for fact in facts.anomalies for item in fact.evidence):
            found = fares_by_turns(door, certificate_of(target.key_at(door)))
            yield from [found] if found else ()


def _lost(item: EvidenceItem, door: Door) -> bool:
    """Return whether a request to a door ended in its handshake."""
    if item["kind"] != "exchange" or not item["url"].startswith(door.url):
        return False
    return (item.get("error") or "").startswith("tls")  # what the client sent itself is kept in fewer words


def _connected(door: Door, trusting: ssl.SSLContext) -> _Met:
    """Return how a connection fares, its handshake included; raise ``TimeoutError`` for one that is not answered."""
    parts, peer = urlsplit(door.url), ""
    try:
        with reach(authorize_connection(door), door, door.patience) as line:
            peer = str(line.getpeername()[0])
            if parts.scheme != "https":
                return _Met(peer=peer)
            with trusting.wrap_socket(line, server_hostname=parts.hostname) as secured:
                return _Met(validity=validity_of(secured.getpeercert(binary_form=True) or b""), peer=peer)
    except ssl.SSLCertVerificationError as problem:
        return _Met(problem.verify_message, problem.verify_code == _EXPIRED, peer=peer)
    except TimeoutError:
        raise
    except (OSError, ValueError) as problem:
        reason = getattr(problem, "reason", "") or getattr(problem, "strerror", "")
        return _Met(str(reason or problem or type(problem).__name__), peer=peer)


def _old(door: Door, failed: Sequence[_Met], good: Sequence[_Met]) -> Validity | None:
    """Return the certificate that was not accepted; Python shows it on connections alone that verify none.

    The client's own certificate is not shown there: nobody knows to whom.
    """
    if not any(each.expired for each in failed):
        return None
    anybody = context(door)
    anybody.check_hostname = False
    anybody.verify_mode = ssl.CERT_NONE  # nothing is sent on them: they only show certificates
    accepted = {each.validity for each in good}
    shown = (_connected(door, anybody).validity for _ in range(_TIMES))
    return next((each for each in shown if each and each not in accepted), None)


def _at(failed: Sequence[_Met], good: Sequence[_Met]) -> str:
    """Return at which addresses connections fail, where none comes about there; empty if that is not so."""
    bad = {each.peer for each in failed} - {each.peer for each in good} - {""}
    return f", at {', '.join(sorted(bad))}" if bad and all(each.peer in bad for each in failed) else ""


def _in_brackets(validity: Validity | None) -> str:
    return f" ({validity})" if validity else ""
