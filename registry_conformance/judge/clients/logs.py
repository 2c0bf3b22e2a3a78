"""The logs of a deployment's parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from registry_conformance.judge.expect import NotAllowed
from registry_conformance.judge.waiting import awaited

_PATIENCE_SECONDS = 12.0
"""A proxy may keep its access log in memory for ten seconds."""


@dataclass(frozen=True, slots=True)
class Logs:
    """Part name -> log file. ``secrets`` must appear in none of them.

    ``silent`` has the parts whose log names no request, each with the reason.
    """

    files: Mapping[str, Path]
    secrets: frozenset[str] = field(repr=False)
    silent: Mapping[str, str] = field(default_factory=dict)

    def show(self, part: str, text: str) -> bool:
        """Return whether a part's log contains ``text``, waiting up to 12 s.

        Raises ``NotAllowed`` if the target has no log of that part, or one that names no requests.
        """
        if part in self.silent:
            raise NotAllowed(f"a log of the part {part} that names requests", self.silent[part])
        if part not in self.files:
            raise NotAllowed(f"a log of the part {part}", "this target has no such part")
        return awaited(lambda: self.holds(part, text), _PATIENCE_SECONDS)

    def holds(self, part: str, text: str) -> bool:
        """Return whether a part's log contains ``text`` now."""
        return part in self.files and text.encode() in self.files[part].read_bytes()

    def giving_away(self, *also: str) -> list[str]:
        """Return the parts whose log contains a secret of the target, or one of ``also``."""
        secrets = [secret.encode() for secret in (*self.secrets, *also)]
        return sorted(part for part, file in self.files.items() if _has_any(file.read_bytes(), secrets))


def _has_any(content: bytes, secrets: Sequence[bytes]) -> bool:
    return any(secret in content for secret in secrets)
