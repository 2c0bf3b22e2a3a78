"""How long a credential was let in: one that is refused from some moment on stopped being valid under way."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import urlsplit

from registry_conformance.judge.clients.mlflow_http import REST
from registry_conformance.judge.diagnosis.facts import Facts
from registry_conformance.judge.diagnosis.preflight import finding
from registry_conformance.judge.diagnosis.preflight.finding import Finding
from registry_conformance.judge.diagnosis.preflight.token_lifetime import lifetime_of, out_of_time
from registry_conformance.judge.diagnosis.preflight.wording import words_of
from registry_conformance.judge.diagnosis.steps import registers
from registry_conformance.judge.evidence.exchange import Exchange
from registry_conformance.judge.target.credential import Credential

LAPSED = "key.lapsed.P"
"""The fact that a credential was let in at first, and refused from some moment on."""
_EXPIRED = re.compile(r"expired", re.IGNORECASE)
"""How a refusal says that the credential was good before."""
_REFUSED = re.compile(r"\b401\b")
"""What stands in the value of a fact for a request that was refused."""


@dataclass
class KeyUse:
    """Keeps when the credential of a writer was let in at a door, and when it was refused; threads may use it."""

    _began: float = 0.0
    _let_in: float = 0.0
    _refusals: list[Exchange] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def took(self, exchange: Exchange) -> None:
        """Take in how a request with the credential was answered."""
        with self._lock:
            self._began = min(self._began or exchange.started, exchange.started)
            if exchange.ok and f"{REST}/" in urlsplit(exchange.url).path:  # others may be open to everybody
                self._let_in = max(self._let_in, exchange.started)
            elif _is_refusal(exchange):
                self._refusals.append(exchange)

    def tell(self, facts: Facts, credential: Credential | None, search: Callable[[], Exchange]) -> None:
        """Tell that the credential is refused by now, where it was let in before; ``search`` asks once more."""
        with self._lock:
            later = [each for each in self._refusals if each.started >= self._let_in]
            seconds = self._let_in - self._began
        if credential is None or not self._let_in or not later:
            return
        last = search()
        if not _is_refusal(last):
            return
        said = _said(later[0])
        by_its_word, _ = out_of_time(credential, said)
        expired = bool(by_its_word) or _EXPIRED.search(said) is not None
        words = (
            f"the credential was let in for {seconds:.0f} s, and is refused with {last.status} ever since, whatever is "
            f"asked ({len(later) + 1} of {len(later) + 1} requests)"
        )
        words += f"; it says: {said!r}" if said else ""
        words += f"; {by_its_word}" if by_its_word else ""
        if life := lifetime_of(credential):
            words += f"; it was issued for {life}"
        if registers(facts):
            words += f"; the registration of one small model took {_registration(facts):.0f} s of that"
        evidence = (later[0].evidence(), last.evidence())
        facts.record(LAPSED, "expired" if expired else "refused", words, "none", evidence)


def lapsed(facts: Facts) -> Finding | None:
    """Return that the credential stopped being valid under way, ``None`` if it did not."""
    fact = facts.get(LAPSED)
    if fact is None or fact.normal:
        return None
    how = "the credential expired" if fact.value == "expired" else "the credential stopped being valid"
    return Finding(finding.LAPSED, f"{how} during the look: {fact.sentence}", finding.LAPSED.remedy)


def before_it_lapsed(facts: Facts) -> Facts:
    """Return the facts that such a refusal says nothing of."""
    kept = Facts()
    for fact in facts.values():
        wrong = fact.seen and not fact.normal
        if not fact.seen:
            kept.unseen(fact.name, fact.sentence.removeprefix("not seen: "))
        elif fact.name != LAPSED and not (wrong and _REFUSED.search(fact.value)):
            kept.record(fact.name, fact.value, fact.sentence, "none" if wrong else "", fact.evidence)
    return kept


def _is_refusal(exchange: Exchange) -> bool:
    """Return whether a request was refused for its credential; a right that is missing is another matter."""
    if exchange.status == HTTPStatus.FORBIDDEN:
        return _EXPIRED.search(_said(exchange)) is not None
    return exchange.status == HTTPStatus.UNAUTHORIZED


def _said(exchange: Exchange) -> str:
    """Return what a refusal says of its reason: in its challenge (RFC 6750, section 3), or in its body."""
    described = re.search(r'error_description="([^"]*)"', exchange.header("www-authenticate"))
    return described[1] if described else words_of(exchange)


def _registration(facts: Facts) -> float:
    """Return how many seconds the registration took."""
    moments = [
        (item["started"], item["started"] + item["seconds"])
        for name, fact in facts.items()
        if name.startswith("register.")
        for item in fact.evidence
        if item["kind"] == "exchange" and "started" in item
    ]
    return max((end for _, end in moments), default=0.0) - min((begin for begin, _ in moments), default=0.0)
