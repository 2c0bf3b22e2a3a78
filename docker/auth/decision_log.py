"""The decision log: one JSON line on stdout for each decision, never with a key or a query string."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from typing import TextIO


@dataclass(slots=True)
class Decision:
    """What was decided about one request; ``ms`` is how long that took, in milliseconds."""

    request_id: str
    method: str
    path: str
    decision: str = "deny"
    status: int = 500
    need: str = ""
    key_id: str = ""
    user_id: str = ""
    roles: tuple[str, ...] = ()
    carrier: str = ""
    reason: str = ""
    ms: float = 0.0


def write(decision: Decision, stream: TextIO | None = None) -> None:
    """Write ``decision`` as one JSON line to ``stream``, stdout by default."""
    fields = {name: getattr(decision, name) for name in Decision.__slots__}
    out = stream or sys.stdout
    out.write(json.dumps(fields) + "\n")
    out.flush()
