"""The load generator: Locust, configured on standard input; it ends with its parent.

Run as ``python -m registry_conformance.judge.load.generator``.
"""

from __future__ import annotations

from gevent import monkey

monkey.patch_all()

import pickle  # noqa: E402 - whoever opens a connection is to be patched before it is imported
import random  # noqa: E402 - as above
import signal  # noqa: E402 - as above
import sys  # noqa: E402 - as above
import time  # noqa: E402 - as above
from collections.abc import Callable  # noqa: E402 - as above
from dataclasses import replace  # noqa: E402 - as above
from typing import Any  # noqa: E402 - as above

import gevent  # noqa: E402 - as above
from locust import LoadTestShape, User, constant, task  # noqa: E402 - as above
from locust.env import Environment  # noqa: E402 - as above
from locust.exception import StopUser  # noqa: E402 - as above
from locust.rpc import Message  # noqa: E402 - as above
from locust.runners import MasterRunner, WorkerRunner  # noqa: E402 - as above

from registry_conformance.judge.expect import Mismatch  # noqa: E402 - as above
from registry_conformance.judge.lifeline import die_with_parent  # noqa: E402 - as above
from registry_conformance.judge.load.allowance import Allowance  # noqa: E402 - as above
from registry_conformance.judge.load.asking import Asking  # noqa: E402 - as above
from registry_conformance.judge.load.history import HALFWAY, Journal  # noqa: E402 - as above
from registry_conformance.judge.load.kept_client import KeptMlflow, NoEvidence  # noqa: E402 - as above
from registry_conformance.judge.load.order import LoadOrder  # noqa: E402 - as above
from registry_conformance.judge.load.plan import LoadPlan, Step  # noqa: E402 - as above
from registry_conformance.judge.load.quiet import watch_quietly  # noqa: E402 - as above
from registry_conformance.judge.load.threaded_guard import ThreadedGuard  # noqa: E402 - as above
from registry_conformance.judge.load.users import PERSONAS, REGISTERS, AllowanceSpentError, LoadUser, Shared  # noqa: E402 - as above
from registry_conformance.judge.target.guard import Guard  # noqa: E402 - as above
from registry_conformance.judge.target.requests import enforce  # noqa: E402 - as above

_LAG = 0.1
"""Seconds between two looks at how late the loop is."""
_SETTLE = 15
"""Seconds that users have to end what they are doing when the load is over."""
_LOOK = 0.5
"""Seconds between two looks at how far the load is."""
_STALLED = 600.0
"""Seconds without one more registration after which a load that waits for a number of them is ended."""
_WORKERS_COME = 300.0
"""Seconds that workers may take to report to the coordinator."""
_HOW_FAR = "how-far"
"""The message in which a worker tells its coordinator how far it is."""


class Steps(LoadTestShape):
    """The steps of a plan as a Locust load shape."""

    def __init__(self, plan: LoadPlan, journal: Journal, progress: Progress) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # Locust has no types here
        self._plan = plan
        self._steps = plan.steps
        self._journal = journal
        self._progress = progress
        self._noted: Step | None = None
        self._is_halfway = False

    def tick(self) -> tuple[int, float] | None:
        """Return the target number of users and the spawn rate; ``None`` at the end."""
        now = self.get_run_time()  # type: ignore[no-untyped-call]  # Locust has no types here
        step = next((each for each in self._steps if now < each.ends), None)
        done = self._share_done(now)
        if step is None or done >= 1 or self._progress.ended:
            return None
        if done >= 0.5 and not self._is_halfway:
            self._is_halfway = True
            self._journal.note(HALFWAY)
        if step is not self._noted:
            self._noted = step
            self._journal.note("step", users=step.users)
        return step.users, max(step.users, 1)

    def _share_done(self, now: float) -> float:
        if self._plan.registrations:
            return self._progress.registered / self._plan.registrations
        return now / self._plan.seconds


class Progress:
    """How far the load is, over all of its processes."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._of_workers: dict[str, int] = {}
        self._stopped = ""

    def hear(self, environment: Environment, msg: Message, **_: Any) -> None:
        """Take what a worker tells."""
        del environment
        self._of_workers[str(msg.node_id)] = int(msg.data["registered"])
        self._stopped = self._stopped or str(msg.data["ended"])

    @property
    def registered(self) -> int:
        """The number of acknowledged registrations."""
        return self._process.shared.registered + sum(self._of_workers.values())

    @property
    def ended(self) -> str:
        """Why no further operations are started, in this process or in a worker; empty if they are."""
        return self._process.ended or self._stopped


class Process:
    """One process of the load: its users and its journal."""

    def __init__(self, order: LoadOrder) -> None:
        self.order = order
        self.journal = Journal(order.journal, order.process)
        self.shared = Shared()
        self.count = 0
        self.ended = ""
        self.allowance = Allowance(order.door.guard, order.plan.users, order.kept_back)

    def person(self) -> LoadUser:
        """Return one more user."""
        self.count += 1
        name = f"{order_letter(self.order.process)}{self.count}"
        client = KeptMlflow(self.order.door, self.order.key, NoEvidence(), self.order.place.run)
        drawn = random.Random(f"{self.order.place.run}-{name}")  # noqa: S311 - which size comes next is no secret
        return LoadUser(
            client,
            Asking(self.journal, name),
            self.order.place,
            self.order.plan,
            self.allowance,
            self.shared,
            drawn,
        )

    def personas(self) -> list[type[User]]:
        """Return the user classes for Locust; in a load that waits for registrations all users register."""
        names = [REGISTERS] if self.order.plan.registrations else list(PERSONAS)
        return [self._persona(name, *PERSONAS[name]) for name in names]

    def end(self, why: str) -> None:
        """Start no further operations, and record why, once."""
        if not self.ended:
            self.ended = why
            self.journal.note("ended", why=why)

    def _persona(self, name: str, work: Callable[[LoadUser], None], share: int) -> type[User]:
        process = self

        class Persona(User):
            weight = share
            wait_time = constant(0)

            def __init__(self, environment: Environment) -> None:
                super().__init__(environment)
                self.person = process.person()

            @task
            def turn(self) -> None:
                if process.ended:
                    raise StopUser
                try:
                    work(self.person)
                except AllowanceSpentError as spent:
                    process.end(str(spent))
                    raise StopUser from spent
                except Mismatch as refused:  # the guard of the target says no
                    process.end(str(refused))
                    raise StopUser from refused

        Persona.__name__ = Persona.__qualname__ = name
        return Persona


def order_letter(process: str) -> str:
    """Return the prefix of the names of a process's users."""
    return f"p{process}u"


def main() -> None:
    """Run the requested load, or a worker's share of it."""
    die_with_parent()
    order: LoadOrder = pickle.load(sys.stdin.buffer)  # noqa: S301 - from the process that started this one
    if isinstance(order.door.guard, Guard):
        enforce()
        order = replace(order, door=replace(order.door, guard=ThreadedGuard.of(order.door.guard)))
        gevent.get_hub().threadpool.maxsize = order.plan.users + 4
    process = Process(order)
    progress = Progress(process)
    environment = Environment(
        user_classes=process.personas(),
        shape_class=Steps(order.plan, process.journal, progress),
        stop_timeout=_SETTLE,
    )
    gevent.spawn(_look_at_the_loop, process.journal)
    if order.role == "worker":
        _work(environment, process)
        return
    _lead(environment, process, progress)


def _look_at_the_loop(journal: Journal) -> None:
    """Record the delay of this process's event loop."""
    before, spent = time.monotonic(), time.process_time()
    late: list[float] = []
    while True:
        began = time.monotonic()
        gevent.sleep(_LAG)
        late.append(time.monotonic() - began - _LAG)
        if (passed := time.monotonic() - before) >= 1:
            used = time.process_time()
            journal.note("loop", lag=round(max(late), 4), cpu=round((used - spent) / passed, 3))
            before, spent, late = time.monotonic(), used, []


def _work(environment: Environment, process: Process) -> None:
    runner: WorkerRunner = environment.create_worker_runner("127.0.0.1", process.order.port)
    gevent.spawn(_tell_how_far, runner, process)
    runner.greenlet.join()


def _tell_how_far(runner: WorkerRunner, process: Process) -> None:
    while True:
        runner.send_message(_HOW_FAR, {"registered": process.shared.registered, "ended": process.ended})
        gevent.sleep(_LOOK)


def _lead(environment: Environment, process: Process, progress: Progress) -> None:
    order = process.order
    master = order.role == "master"
    runner: Any = environment.create_master_runner("127.0.0.1", order.port) if master else None
    runner = runner or environment.create_local_runner()
    page = environment.create_web_ui("127.0.0.1", order.plan.page) if order.plan.page else None
    for number in (signal.SIGTERM, signal.SIGINT):
        gevent.signal_handler(number, process.end, f"it was stopped by {number.name}")
    watching = gevent.spawn(watch_quietly, order, process.journal)
    gevent.sleep(order.alone)
    if isinstance(runner, MasterRunner):
        runner.register_message(_HOW_FAR, progress.hear)
        _await_workers(runner, order.plan.workers)
    process.journal.note("begins")
    runner.start_shape()
    looking = gevent.spawn(_look_after, runner, process, progress)
    runner.shape_greenlet.join()
    process.journal.note("over")
    runner.quit()
    looking.kill()
    watching.kill()
    if page is not None:
        page.stop()  # type: ignore[no-untyped-call]  # Locust has no types here


def _await_workers(runner: MasterRunner, count: int) -> None:
    """Wait until all workers have reported; end with a sentence if some do not."""
    give_up = time.monotonic() + _WORKERS_COME
    while len(runner.clients.ready) < count and time.monotonic() < give_up:
        gevent.sleep(0.1)
    if len(runner.clients.ready) < count:
        sys.exit(f"only {len(runner.clients.ready)} of {count} workers reported within {_WORKERS_COME:g} s")


def _look_after(runner: Any, process: Process, progress: Progress) -> None:
    """Record the number of users and of registrations; end a load that waits for registrations in vain."""
    known, since = 0, time.monotonic()
    while True:
        gevent.sleep(_LOOK)
        done, wanted = progress.registered, process.order.plan.registrations
        process.journal.note("users", count=runner.user_count, registered=done)
        if done > known:
            known, since = done, time.monotonic()
        if wanted and time.monotonic() - since > _STALLED:
            process.end(f"{done} of {wanted} registrations were acknowledged, and no more within {_STALLED:g} s")


if __name__ == "__main__":
    main()
