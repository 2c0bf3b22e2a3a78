"""Decisions of the auth service and requests served by MLflow, from their logs."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from registry_conformance.judge.clients.json_lines import whole_lines
from registry_conformance.judge.waiting import awaited

_PATIENCE_SECONDS = 1.0
"""A container's log is written by the engine, a moment after the answer."""


@dataclass(frozen=True, slots=True)
class Decisions:
    """The log of the auth service or of MLflow: JSON objects among other lines."""

    log: Path

    def about(self, request_id: str) -> list[dict[str, Any]]:
        """Return every line about a request, waiting up to a second for the first.

        The auth service logs ``status``, ``user_id``, ``key_id``, ``reason``; MLflow ``status``, ``ms``, ``store``.
        """
        return awaited(lambda: self._matching_lines(request_id), _PATIENCE_SECONDS, pause=0.01)

    def _matching_lines(self, request_id: str) -> list[dict[str, Any]]:
        found = [json.loads(line) for line in whole_lines(self.log) if line.startswith("{") and request_id in line]
        return [decision for decision in found if decision.get("request_id") == request_id]
