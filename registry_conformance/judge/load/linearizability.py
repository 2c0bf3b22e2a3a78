"""Checks versions and aliases for linearizability with Porcupine, a Go program."""

from __future__ import annotations

import hashlib
import json
import math
import shutil
import subprocess
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from registry_conformance.judge.load.history import OK, REFUSED, History, Operation
from registry_conformance.judge.locations import cache_folder

SOURCE = Path(__file__).parent / "porcupine"
_BUILD, _CHECK = 240.0, 600.0
"""Seconds that building the checker, and checking all histories, may take."""
_PIECE = 500
"""So many operations a piece of a history has at least."""
_WORST = ("illegal", "unknown", "ok")
"""The verdicts, the worst first; that of a history is the worst of its pieces."""


@dataclass(frozen=True, slots=True)
class Linearizability:
    """Which histories are linearizable, which are not, and which could not be decided in time.

    ``unseen`` says why nothing was checked, empty if it was.
    """

    ok: tuple[str, ...] = ()
    illegal: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    unseen: str = ""


def linearizability(history: History, last: Iterable[Operation]) -> Linearizability:
    """Check the history of each alias and each model; ``last`` are the reads after the load."""
    histories = [*_aliases(history, last), *_versions(history)]
    if not histories:
        return Linearizability(unseen="no alias was moved and no version registered")
    try:
        program = _checker()
        said = subprocess.run(
            [program], input=json.dumps(histories), capture_output=True, text=True, timeout=_CHECK, check=True
        )
    except CheckerError as problem:
        return Linearizability(unseen=str(problem))
    except (OSError, subprocess.SubprocessError) as problem:
        return Linearizability(unseen=f"the checker ended without an answer: {problem}")
    worst: dict[str, str] = {}
    for each in json.loads(said.stdout):
        known = worst.get(each["key"], "ok")
        worst[each["key"]] = min(known, each["verdict"], key=_WORST.index)
    told: dict[str, list[str]] = defaultdict(list)
    for key, verdict in worst.items():
        told[verdict].append(key)
    return Linearizability(tuple(told["ok"]), tuple(told["illegal"]), tuple(told["unknown"]))


class CheckerError(RuntimeError):
    """The checker is not there and cannot be built; the message says what is missing."""


def _checker() -> str:
    """Return the path of the checker, built if missing; raise ``CheckerError`` if that fails."""
    sources = sorted(SOURCE.glob("*"))
    mark = hashlib.sha256(b"".join(file.read_bytes() for file in sources)).hexdigest()[:12]
    program = cache_folder() / f"porcupine-{mark}"
    if program.exists():
        return str(program)
    go = shutil.which("go")
    if go is None:
        raise CheckerError("the checker Porcupine is a Go program, and go is not installed: apt-get install golang-go")
    part = program.with_suffix(".part")
    try:
        done = subprocess.run(
            [go, "build", "-o", str(part), "."],
            cwd=SOURCE,
            capture_output=True,
            text=True,
            timeout=_BUILD,
            check=False,
        )
    except (OSError, subprocess.SubprocessError) as problem:
        raise CheckerError(f"the checker Porcupine cannot be built: {problem}") from problem
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or ["without a word"]
        raise CheckerError(f"the checker Porcupine cannot be built: {last[0][:200]}")
    part.replace(program)
    return str(program)


def _aliases(history: History, last: Iterable[Operation]) -> list[dict[str, Any]]:
    """Return the history of each alias: writes and reads."""
    by_key: dict[str, list[dict[str, Any]]] = defaultdict(list)
    clients: dict[str, int] = {}
    reads = {"get-alias", "quiet"}
    for one in (*history.operations, *last):
        writes = one.kind == "set-alias" and one.outcome != REFUSED
        if writes or (one.kind in reads and one.outcome == OK):
            told = _checker_operation(one, clients, "write" if writes else "read")
            by_key[one.key].append(told)
    return _pieces("alias", {f"alias {key}": found for key, found in by_key.items()})


def _versions(history: History) -> list[dict[str, Any]]:
    """Return the history of each model's version numbers."""
    by_key: dict[str, list[dict[str, Any]]] = defaultdict(list)
    clients: dict[str, int] = {}
    for one in history.of("version"):
        if one.outcome == OK:
            by_key[one.key].append(_checker_operation(one, clients, "next"))
    return _pieces("versions", {f"versions of {key}": found for key, found in by_key.items()})


def _pieces(kind: str, histories: Mapping[str, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """Return histories as the checker reads them, long ones in pieces with the same key.

    What the checker keeps grows with the square of a history. So it is cut at operations that no other overlaps: after
    one of these the state is known, and the next piece begins with it.
    """
    return [
        {"key": key, "kind": kind, "operations": piece}
        for key, operations in histories.items()
        for piece in _cut(sorted(operations, key=lambda one: int(one["began"])))
    ]


def _cut(operations: list[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    piece: list[dict[str, Any]] = []
    last_end = 0.0
    for place, one in enumerate(operations):
        piece.append(one)
        ended = one["ended"] or math.inf
        follows = operations[place + 1]["began"] if place + 1 < len(operations) else math.inf
        is_alone = last_end < one["began"] and ended < follows
        last_end = max(last_end, ended)
        if is_alone and len(piece) >= _PIECE and follows < math.inf:
            yield piece
            known = one if one["kind"] != "read" else {**one, "kind": "write", "value": one["answer"]}
            piece = [known]
    yield piece


def _checker_operation(one: Operation, clients: dict[str, int], kind: str) -> dict[str, Any]:
    """Return an operation in the checker's form; an unacknowledged one may take effect at any later time."""
    return {
        "client": clients.setdefault(one.user, len(clients)),
        "kind": kind,
        "value": one.value,
        "answer": one.answer,
        "began": one.began,
        "ended": one.ended if one.outcome == OK else 0,
    }
