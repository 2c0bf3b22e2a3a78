"""What a server named in its answers, put in the place of what another server named so."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

_TOKEN = re.compile(r"[A-Za-z0-9_-]{16,}")
"""An id of a run, a model or an upload, a page token, or a key."""
_EXPERIMENT = re.compile(r'(experiment_ids?"?[=:]\s*\[?"?|/artifacts/|mlflow-artifacts:/)(\d+)\b')
"""Where the id of an experiment stands, which is a number and is told from others by its place alone."""


class Identities:
    """Recorded name -> the name that the server of a replay gave instead; begins with what is ``known``."""

    def __init__(self, known: Mapping[str, str]) -> None:
        self._names = dict(known)
        self._experiments: dict[str, str] = {}

    def learn(self, recorded: bytes, answered: bytes) -> None:
        """Take in what two answers to one request named differently, if both are JSON."""
        try:
            leaves = [*_leaves(json.loads(recorded), json.loads(answered))]
        except ValueError:
            return
        for field, old, new in leaves:
            if field == "experiment_id":
                self._experiments[old] = new
            names = _TOKEN.findall(old), _TOKEN.findall(new)
            if len(names[0]) == len(names[1]):
                self._names |= {one: other for one, other in zip(*names, strict=True) if one != other}

    def applied(self, text: str) -> str:
        """Return a text with every name that is known replaced."""
        text = _TOKEN.sub(lambda found: self._names.get(found[0], found[0]), text)
        return _EXPERIMENT.sub(lambda found: found[1] + self._experiments.get(found[2], found[2]), text)


def _leaves(old: Any, new: Any, field: str = "") -> Iterator[tuple[str, str, str]]:
    """Yield field, text and other text of what differs at the same place of two documents."""
    if isinstance(old, dict) and isinstance(new, dict):
        for name in old.keys() & new.keys():
            yield from _leaves(old[name], new[name], name)
    elif isinstance(old, list) and isinstance(new, list):
        for one, other in zip(old, new, strict=False):
            yield from _leaves(one, other, field)
    elif isinstance(old, str) and isinstance(new, str) and old != new:
        yield field, old, new
