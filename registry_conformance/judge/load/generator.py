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
from locust.runners import MasterRunner, WorkerRunner  # noqa: E402 - as above

from registry_conformance.judge.expect import Mismatch  # noqa: E402 - as above
from registry_conformance.judge.lifeline import die_with_parent  # noqa: E402 - as above
from registry_conformance.judge.load.allowance import Allowance  # noqa: E402 - as above
from registry_conformance.judge.load.asking import Asking  # noqa: E402 - as above
from registry_conformance.judge.load.history import Journal  # noqa: E402 - as above
from registry_conformance.judge.load.kept_client import KeptMlflow, NoEvidence  # noqa: E402 - as above
from registry_conformance.judge.load.order import LoadOrder  # noqa: E402 - as above
from registry_conformance.judge.load.plan import Step  # noqa: E402 - as above
from registry_conformance.judge.load.quiet import watch_quietly  # noqa: E402 - as above
from registry_conformance.judge.load.threaded_guard import ThreadedGuard  # noqa: E402 - as above
from registry_conformance.judge.load.users import PERSONAS, AllowanceSpentError, LoadUser, Shared  # noqa: E402 - as above
from registry_conformance.judge.target.guard import Guard  # noqa: E402 - as above
from registry_conformance.judge.target.requests import enforce  # noqa: E402 - as above

_LAG = 0.1
"""Seconds between two looks at how late the loop is."""
_SETTLE = 15
"""Seconds that users have to end what they are doing when the load is over."""


class Steps(LoadTestShape):
    """The steps of a plan as a Locust load shape."""

    def __init__(self, steps: tuple[Step, ...], journal: Journal) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # Locust has no types here
        self._steps = steps
        self._journal = journal
        self._noted: Step | None = None

    def tick(self) -> tuple[int, float] | None:
        """Return the target number of users and the spawn rate; ``None`` at the end."""
        now = self.get_run_time()  # type: ignore[no-untyped-call]  # Locust has no types here
        step = next((each for each in self._steps if now < each.ends), None)
        if step is None:
            return None
        if step is not self._noted:
            self._noted = step
            self._journal.note("step", users=step.users)
        return step.users, max(step.users, 1)


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
        """Return the user classes for Locust."""
        return [self._persona(name, *PERSONAS[name]) for name in PERSONAS]

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
    environment = Environment(
        user_classes=process.personas(), shape_class=Steps(order.plan.steps, process.journal), stop_timeout=_SETTLE
    )
    gevent.spawn(_look_at_the_loop, process.journal)
    if order.role == "worker":
        _work(environment, order)
        return
    _lead(environment, process)


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


def _work(environment: Environment, order: LoadOrder) -> None:
    runner: WorkerRunner = environment.create_worker_runner("127.0.0.1", order.port)
    runner.greenlet.join()


def _lead(environment: Environment, process: Process) -> None:
    order = process.order
    master = order.role == "master"
    runner: Any = environment.create_master_runner("127.0.0.1", order.port) if master else None
    runner = runner or environment.create_local_runner()
    page = environment.create_web_ui("127.0.0.1", order.plan.page) if order.plan.page else None
    for number in (signal.SIGTERM, signal.SIGINT):
        gevent.signal_handler(number, runner.quit)
    watching = gevent.spawn(watch_quietly, order, process.journal)
    gevent.sleep(order.alone)
    if isinstance(runner, MasterRunner):
        _await_workers(runner, order.plan.workers)
    process.journal.note("begins")
    runner.start_shape()
    looking = gevent.spawn(_look_after, runner, process)
    runner.shape_greenlet.join()
    process.journal.note("over")
    runner.quit()
    looking.kill()
    watching.kill()
    if page is not None:
        page.stop()  # type: ignore[no-untyped-call]  # Locust has no types here


def _await_workers(runner: MasterRunner, count: int) -> None:
    give_up = time.monotonic() + 60
    while len(runner.clients.ready) < count and time.monotonic() < give_up:
        gevent.sleep(0.1)


def _look_after(runner: Any, process: Process) -> None:
    """End the load when nothing more may be sent, and record the number of users."""
    while True:
        gevent.sleep(0.5)
        process.journal.note("users", count=runner.user_count)
        if process.ended:
            runner.shape_greenlet.kill(block=False)
            return


if __name__ == "__main__":
    main()
