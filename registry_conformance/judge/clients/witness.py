"""Traffic between the proxy and MLflow, from the record of the witness."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from registry_conformance.judge.clients.json_lines import whole_lines
from registry_conformance.judge.expect import Mismatch, NotAllowed
from registry_conformance.judge.waiting import awaited

_PATIENCE_SECONDS = 10.0

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Passed:
    """One recorded message: its start line, its headers in order, and size and SHA-256 of its body.

    The values of credentials are ``sha256=`` and their SHA-256 (see ``digested``).
    """

    line: str
    headers: Headers
    size: int
    sha256: str

    @classmethod
    def read(cls, raw: dict[str, Any]) -> Passed:
        """Parse one side of a record."""
        line, *fields = str(raw["head"]).removesuffix("\r\n\r\n").split("\r\n")
        pairs = (field.partition(":") for field in fields)
        return cls(line, tuple((name, value.strip()) for name, _, value in pairs), raw["size"], raw["sha256"])

    def values(self, name: str) -> list[str]:
        """Return the values of a header, in order."""
        return [value for known, value in self.headers if known.lower() == name]


@dataclass(frozen=True, slots=True)
class Witness:
    """The record of a witness: one JSON object a line."""

    record: Path

    def saw(self, request_id: str) -> tuple[Passed, Passed]:
        """Return request and response of the only exchange with an id; raise ``Mismatch`` for none or several.

        Raise ``NotAllowed`` for the empty id of an answer that carries none.
        """
        known = _known(request_id)
        found = awaited(lambda: self._lines(known), _PATIENCE_SECONDS, pause=0.005)
        if len(found) != 1:
            raise Mismatch(f"one exchange with id {request_id} between proxy and MLflow", f"{len(found)} of them")
        return Passed.read(found[0]["request"]), Passed.read(found[0]["response"])

    def count(self, request_id: str) -> int:
        """Return the number of recorded exchanges with an id; raise ``NotAllowed`` for an empty one."""
        return len(self._lines(_known(request_id)))

    def _lines(self, request_id: str) -> list[dict[str, Any]]:
        mark = json.dumps(request_id)
        if not self.record.exists():
            return []
        return [json.loads(line) for line in whole_lines(self.record) if mark in line[: len(mark) + 16]]


def _known(request_id: str) -> str:
    if not request_id:
        raise NotAllowed("an exchange that is found by its request id", "this door's answers carry none")
    return request_id


def digested(credential: str) -> str:
    """Return what the witness records instead of a credential."""
    return "sha256=" + hashlib.sha256(credential.encode("latin-1")).hexdigest()
