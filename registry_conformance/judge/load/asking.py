"""Requests of a load's users, recorded in the history."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from registry_conformance.judge.evidence.exchange import Exchange
from registry_conformance.judge.evidence.responder import who_answered
from registry_conformance.judge.load.history import FAILED, OK, REFUSED, SILENT, WRITES, Journal, Operation

Answer = Callable[[Exchange], str]
_TRANSPORT = frozenset({"refused", "name"})
"""How the errors begin after which a request has not been sent."""


@dataclass(frozen=True, slots=True)
class Asking:
    """The recorder of one user's requests; ``user`` is its name."""

    journal: Journal
    user: str

    def ask(
        self, kind: str, key: str, value: str, send: Callable[[], Exchange], answer: Answer = lambda _: ""
    ) -> Exchange:
        """Send one request and record the result; ``answer`` reads a complete 2xx response."""
        operation = Operation(self.journal.number(), self.user, kind, key, value, time.monotonic_ns())
        if kind in WRITES:
            self.journal.begins(operation)
        try:
            met = send()
        except BaseException as problem:
            self.journal.ends(replace(operation, error=f"never answered: {type(problem).__name__}"))
            raise
        ended = time.monotonic_ns()
        outcome = _outcome(met)
        told = replace(
            operation,
            ended=ended if met.status is not None else 0,
            outcome=outcome,
            status=met.status,
            answer=answer(met) if outcome == OK else "",
            value=value or met.request_body.sha256 * (kind == "put"),
            error="" if outcome == OK else _error_text(met),
            sent=met.request_body.size,
            received=met.response_body.size,
            who="" if outcome == OK else who_answered(met.status, met.response_headers, met.text),
            retry=bool(met.header("retry-after")),
        )
        self.journal.ends(told)
        return met


def _error_text(met: Exchange) -> str:
    said = " ".join(met.text.split())[:160]
    return f"{str(met)[:300]}: {said}" if said else str(met)[:300]


def _outcome(met: Exchange) -> str:
    if met.ok:
        return OK
    if met.status is None:
        return REFUSED if met.error.split(":")[0] in _TRANSPORT else SILENT
    return REFUSED if met.refused else FAILED


def text_at(*path: str | int) -> Answer:
    """Return a function that reads the text at a path of a JSON response, empty if it is missing."""

    def read(met: Exchange) -> str:
        found = met.at(*path)
        return str(found) if found is not None else ""

    return read


def sha256_of(met: Exchange) -> str:
    """Return the digest of a response's body."""
    return met.response_body.sha256


def versions_in(met: Exchange) -> str:
    """Return the version numbers in a search result, separated by commas."""
    found = met.at("model_versions")
    return ",".join(str(one.get("version")) for one in found) if isinstance(found, list) else ""


VERSION = text_at("model_version", "version")
SOURCE = text_at("model_version", "source")
"""What an answer about a version says: its number, and where its files lie."""
