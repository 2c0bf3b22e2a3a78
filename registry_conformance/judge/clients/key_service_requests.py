"""Requests that the key service received, from its record."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from registry_conformance.judge.clients.json_lines import whole_lines


@dataclass(frozen=True, slots=True)
class KeyServiceRequests:
    """The key service's record: one JSON object a line, with keys as SHA-256."""

    record: Path

    def about(self, key: str) -> list[dict[str, Any]]:
        """Return every request about a key, in order: ``path``, ``carrier``, ``body``, ``status``."""
        digest = hashlib.sha256(key.encode()).hexdigest()
        lines = map(json.loads, whole_lines(self.record))
        return [line for line in lines if line["key_sha256"] == digest]
