"""Runs one load: prepares the target, starts the load processes, and collects the history."""

from __future__ import annotations

import pickle
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from registry_conformance.judge.expect import PreconditionFailed
from registry_conformance.judge.load.asking import Asking
from registry_conformance.judge.load.history import HALFWAY, History, Journal, JournalTail, Note
from registry_conformance.judge.load.kept_client import KeptMlflow, NoEvidence
from registry_conformance.judge.load.order import LoadOrder
from registry_conformance.judge.load.place import Place, prepare
from registry_conformance.judge.load.plan import LoadPlan
from registry_conformance.judge.load.usage import Processes, Usage, watched
from registry_conformance.judge.locations import ROOT
from registry_conformance.judge.machine import part_environment, python
from registry_conformance.judge.target.target import Door, Target
from registry_conformance.judge.waiting import awaited

GENERATOR = "load generator"
_PROGRAMS = {"sdk": "sdk_users"}
"""Role of a process -> its program, if that is not the generator."""
_SILENT = 180.0
"""Seconds without a line in its journal after which the coordinator is given up: it writes one each second."""
_SETTLE = 120.0
"""Seconds that the users of MLflow's own client may take to finish what they are doing when the load is over."""
_LOOK = 0.2
_TENTHS = 10
"""In so many parts the progress of a load is told that ends after a number of registrations."""
_KEPT_BACK, _KEPT_FOR_A_USER = 60, 6
"""So many requests are left for what comes after a load, and for the models of each user."""
_STRANGER = "hk_nobody_was_given_this_key"


@dataclass(frozen=True, slots=True)
class FinishedLoad:
    """A load that is over: its ``place``, its ``history``, what the parts took, and what went wrong with itself.

    ``lost_workers`` are the load's own processes that ended before it did. ``killed_at`` is when a part was killed, in
    nanoseconds of the monotonic clock, 0 if none was. ``began`` and ``over`` are in those too.
    """

    plan: LoadPlan
    place: Place
    history: History
    usage: Usage
    began: int
    over: int
    lost_workers: tuple[str, ...] = ()
    killed_at: int = 0


@dataclass(frozen=True, slots=True)
class LoadContext:
    """What is around a load: a folder for its files, its run's name, and what only a stack of ours offers.

    ``processes`` are those of the parts, ``kill`` kills a part and brings it back.
    """

    folder: Path
    run: str
    processes: Processes = dict
    kill: Callable[[str], None] | None = None
    say: Callable[[str], None] = field(default=print)


def load(target: Target, plan: LoadPlan, around: LoadContext) -> FinishedLoad:
    """Run a load on a target and return what happened; raise ``PreconditionFailed`` if it cannot start."""
    door = target.working_doors[0]
    around.folder.mkdir(parents=True, exist_ok=True)
    journal = Journal(around.folder / "journal-preparation.jsonl", "0")
    client = KeptMlflow(door, target.key_at(door), NoEvidence(), around.run)
    place = prepare(client, Asking(journal, "preparation"))
    orders = _orders(target, door, plan, place, around)
    processes: dict[str, subprocess.Popen[bytes]] = {}

    def all_processes() -> Mapping[str, Sequence[int]]:
        return {**around.processes(), GENERATOR: [each.pid for each in processes.values()]}

    with watched(all_processes) as usage, _running(orders, processes, around):
        lost, killed_at = _until_over(plan, processes, orders, around)
    history = History.read(sorted(around.folder.glob("journal-*.jsonl")))
    begins, over = history.noted("begins"), history.noted("over")
    if not begins:
        words = _last_words(around.folder)
        raise PreconditionFailed("a load generator that begins", f"it ended before the first request: {words}")
    last = over[-1].at if over else max(one.ended or one.began for one in history.operations)
    return FinishedLoad(plan, place, history, usage, begins[0].at, last, tuple(lost), killed_at)


def _orders(target: Target, door: Door, plan: LoadPlan, place: Place, around: LoadContext) -> list[LoadOrder]:
    """Return the order of each process, the coordinator's first."""
    key = target.key_at(door)
    others = [target.keys[role] for role in ("admin", "reader") if role in target.keys and target.keys[role] != key]
    first = LoadOrder(
        role="master" if plan.workers else "local",
        process="1",
        journal=around.folder / "journal-1.jsonl",
        plan=plan,
        place=place,
        door=door,
        key=key,
        other=others[0] if others else None,
        stranger=_STRANGER if key is not None else None,
        port=_free_port() if plan.workers else 0,
        kept_back=_KEPT_BACK + _KEPT_FOR_A_USER * plan.users,
    )
    workers = [
        replace(first, role="worker", process=str(number), journal=around.folder / f"journal-{number}.jsonl")
        for number in range(2, plan.workers + 2)
    ]
    sdk = replace(first, role="sdk", process="sdk", journal=around.folder / "journal-sdk.jsonl")
    return [first, *workers, *([sdk] if plan.sdk else [])]


@contextmanager
def _running(
    orders: Sequence[LoadOrder], processes: dict[str, subprocess.Popen[bytes]], around: LoadContext
) -> Iterator[None]:
    """Start the load's processes, into ``processes`` by name; all are stopped at the end of the block."""
    try:
        for order in orders:
            with (around.folder / f"generator-{order.process}.log").open("wb") as log:
                started = subprocess.Popen(
                    [python(), "-m", f"registry_conformance.judge.load.{_PROGRAMS.get(order.role, 'generator')}"],
                    stdin=subprocess.PIPE,
                    stdout=log,
                    stderr=log,
                    cwd=ROOT,
                    env=part_environment(around.run, around.folder) | {"LOCUST_SKIP_MONKEY_PATCH": "1"},
                )
            processes[order.process] = started
            assert started.stdin
            started.stdin.write(pickle.dumps(order))
            started.stdin.flush()
        yield
    finally:
        for each in processes.values():
            if each.poll() is None:
                each.kill()
            each.communicate()


def _until_over(
    plan: LoadPlan,
    processes: Mapping[str, subprocess.Popen[bytes]],
    orders: Sequence[LoadOrder],
    around: LoadContext,
) -> tuple[list[str], int]:
    """Wait until the coordinator has ended; return which others ended early, and when a part was killed."""
    leading = processes[orders[0].process]
    workers = {order.process: processes[order.process] for order in orders if order.role == "worker"}
    lost: dict[str, str] = {}
    killed_at, heard, told = 0, time.monotonic(), 0
    journal = JournalTail(orders[0].journal)
    while leading.poll() is None and time.monotonic() - heard < _SILENT:
        time.sleep(_LOOK)
        for name, worker in workers.items():
            if name not in lost and worker.poll() is not None and leading.poll() is None:
                lost[name] = f"worker {name} ended in the middle of the load ({_end_of(worker.returncode)})"
                around.say(lost[name])
        notes = journal.notes()
        heard = time.monotonic() if notes else heard
        told = _said_how_far(plan, notes, told, around.say)
        if plan.kill and around.kill and not killed_at and any(note.what == HALFWAY for note in notes):
            killed_at = time.monotonic_ns()
            around.kill(plan.kill)
            heard = time.monotonic()
    if lacking := _awaited_clients(processes, around.folder):
        lost["sdk"] = lacking
    if leading.poll() is None:
        lost["1"] = f"the leading process wrote nothing for {_SILENT:g} s, and was killed"
    elif leading.returncode:
        lost["1"] = f"the leading process ended ({_end_of(leading.returncode)}): {_last_words(around.folder)}"
    return [*lost.values()], killed_at


def _end_of(code: int) -> str:
    """Return how a process ended."""
    return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"


def _said_how_far(plan: LoadPlan, notes: Sequence[Note], told: int, say: Callable[[str], None]) -> int:
    """Say each tenth of the registrations that a load waits for; return how many tenths have been said."""
    if not plan.registrations:
        return 0
    done = max((int(note.told["registered"]) for note in notes if note.what == "users"), default=0)
    tenths = done * _TENTHS // plan.registrations
    if tenths > told:
        say(f"registered: {done} of {plan.registrations}")
    return max(told, tenths)


def _awaited_clients(processes: Mapping[str, subprocess.Popen[bytes]], folder: Path) -> str:
    """Let SDK registrations finish; return why they could register nothing, empty if they could."""
    client = processes.get("sdk")
    if client is None:
        return ""
    assert client.stdin
    with suppress(BrokenPipeError):
        client.stdin.close()
    awaited(lambda: client.poll() is not None, _SETTLE, pause=_LOOK)
    if not client.returncode:
        return ""
    return f"the users of MLflow's own client ended with exit code {client.returncode}: {_last_words(folder, 'sdk')}"


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _last_words(folder: Path, process: str = "*") -> str:
    logs = [log.read_text(errors="replace").strip() for log in sorted(folder.glob(f"generator-{process}.log"))]
    lines = [line for text in logs for line in text.splitlines()]
    return " | ".join(lines[-4:]) or "without a word"
