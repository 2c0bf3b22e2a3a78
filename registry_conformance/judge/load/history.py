"""The history of a load: one line when a request begins and one when it ends, so that a crash loses neither."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from sys import intern
from typing import Any

WRITES = frozenset({"experiment", "run", "log", "put", "model", "version", "tag", "set-alias"})
"""Kinds of requests that change something."""
QUIET, STRANGER = "quiet", "stranger"
"""Background users with few requests: one with a valid key, one with an invalid key."""
OK, REFUSED, FAILED, SILENT = "ok", "refused", "failed", "silent"
"""What became of a request: a whole 2xx; a 4xx; a 5xx or half an answer; no answer, or its client died."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One request of a user.

    ``kind`` is what it does, ``key`` what it is about, ``value`` what it writes, ``answer`` what it was told. ``began``
    and ``ended`` are nanoseconds of this machine's monotonic clock, ``ended`` 0 if nothing came. ``sent`` and
    ``received`` are bytes of bodies; ``who`` is who wrote an answer that is no success, ``retry`` whether that
    says when to come again.
    """

    number: str
    user: str
    kind: str
    key: str
    value: str = ""
    began: int = 0
    ended: int = 0
    outcome: str = SILENT
    status: int | None = None
    answer: str = ""
    error: str = ""
    sent: int = 0
    received: int = 0
    who: str = ""
    retry: bool = False

    @property
    def acknowledged(self) -> bool:
        """Whether the target confirmed it."""
        return self.outcome == OK

    @property
    def seconds(self) -> float:
        """Its duration, 0 without a response."""
        return (self.ended - self.began) / 1e9 if self.ended else 0.0


HALFWAY = "halfway"
"""The note of the coordinator when half of the load is over."""
_DIED = "never answered: its client died"
_NOTE = b'{"note"'
"""How the line of a note begins."""
_REPEATED = ("user", "kind", "key", "outcome")
"""What many operations have in common: it is kept once, however long the load."""


class Journal:
    """Writes a process's part of the history; lines are written to the file at once."""

    def __init__(self, file: Path, process: str) -> None:
        self._file = file.open("a", encoding="utf-8", buffering=1)
        self._process = process
        self._count = 0

    def number(self) -> str:
        """Return a number unique within the load."""
        self._count += 1
        return f"{self._process}.{self._count}"

    def begins(self, operation: Operation) -> None:
        """Record a changing operation before it is sent."""
        self._write({"begins": _short(operation)})

    def ends(self, operation: Operation) -> None:
        """Record the result of an operation."""
        self._write({"ends": _short(operation)})

    def note(self, what: str, **told: Any) -> None:
        """Record an event of the load itself, now."""
        self._write({"note": what, "at": time.monotonic_ns(), **told})

    def _write(self, line: dict[str, Any]) -> None:
        self._file.write(json.dumps(line) + "\n")


@dataclass(frozen=True, slots=True)
class Note:
    """An event of the load itself: ``what``, when (nanoseconds of the monotonic clock), and details."""

    what: str
    at: int
    told: dict[str, Any]


@dataclass(frozen=True, slots=True)
class History:
    """All operations of a load, in the order of their start, and the notes of its processes."""

    operations: tuple[Operation, ...]
    notes: tuple[Note, ...]

    @classmethod
    def read(cls, files: Iterable[Path]) -> History:
        """Return the history in these files; an incomplete last line is ignored."""
        operations: dict[str, Operation] = {}
        notes = []
        for line in _lines(files):
            if "note" in line:
                notes.append(Note(line.pop("note"), line.pop("at"), line))
            else:
                told = line.get("ends") or {**line["begins"], "error": _DIED}
                known = Operation(**told | {name: intern(told[name]) for name in _REPEATED if name in told})
                operations[known.number] = known
        ordered = sorted(operations.values(), key=lambda one: one.began)
        return cls(tuple(ordered), tuple(sorted(notes, key=lambda note: note.at)))

    def of(self, *kinds: str) -> Iterator[Operation]:
        """Yield the operations of some kinds."""
        return (one for one in self.operations if one.kind in kinds)

    def noted(self, what: str) -> list[Note]:
        """Return the notes of one kind."""
        return [note for note in self.notes if note.what == what]


@dataclass(slots=True)
class JournalTail:
    """Follows the notes in a journal that another process writes; each is returned once."""

    file: Path
    _read: int = 0

    def notes(self) -> list[Note]:
        """Return the notes that were written since the last call."""
        if not self.file.exists():
            return []
        found = []
        with self.file.open("rb") as lines:
            lines.seek(self._read)
            for text in lines:
                if not text.endswith(b"\n"):
                    break
                self._read += len(text)
                if text.startswith(_NOTE):
                    line = json.loads(text)
                    found.append(Note(line.pop("note"), line.pop("at"), line))
        return found


def _short(operation: Operation) -> dict[str, Any]:
    return {name: value for name, value in asdict(operation).items() if value not in ("", 0, False, None)}


def _lines(files: Iterable[Path]) -> Iterator[dict[str, Any]]:
    for file in files:
        with file.open(encoding="utf-8") as lines:
            for text in lines:
                if text.endswith("\n"):
                    yield json.loads(text)
