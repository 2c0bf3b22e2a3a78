"""Checks that need the SDK share a worker, as do those of the scratch stack; no others do. A crash loses none."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from fixtures.grouping import LONG, OLD, ByNeed, scope_of
from registry_conformance.judge.locations import ROOT

FLOW = "suites/contract/registration/test_flow.py"


class Worker:
    """A worker that begins a check, as those of xdist do, if it knows of the next one or that there is none."""

    def __init__(self, name: str) -> None:
        self.gateway = SimpleNamespace(id=name)
        self.queue: list[int] = []
        self.shutting_down = False

    def send_runtest_some(self, indices: list[int]) -> None:
        """Take checks."""
        self.queue += indices

    def shutdown(self) -> None:
        """Learn that there are no more."""
        self.shutting_down = True

    @property
    def next(self) -> int | None:
        """The check that it begins; ``None`` if it has none or waits to hear of another."""
        return self.queue[0] if len(self.queue) > 1 or (self.queue and self.shutting_down) else None


class Run:
    """A run of so many checks, each for itself, on two workers."""

    def __init__(self, checks: int) -> None:
        options = {"tx": ["2*popen"], "dist": "loadgroup", "loadscopereorder": True}
        config: Any = SimpleNamespace(getvalue=options.get, getoption=options.get, option=SimpleNamespace(**options))
        self.ids = [f"suites/a.py::test_a[{number}]" for number in range(checks)]
        self.scheduler = ByNeed(config)
        self.ran: list[int] = []
        self.workers = [Worker("gw0"), Worker("gw1")]
        for worker in self.workers:
            self.join(worker)
        self.scheduler.schedule()

    def join(self, worker: Worker) -> None:
        """Have a worker come in and collect."""
        self.scheduler.add_node(worker)
        self.scheduler.add_node_collection(worker, self.ids)

    def one(self, worker: Worker) -> None:
        """Have a worker run one check."""
        assert worker.next is not None
        self.ran.append(worker.queue.pop(0))
        self.scheduler.mark_test_complete(worker, self.ran[-1])

    def to_the_end(self, worker: Worker) -> None:
        """Have a worker run all that it can."""
        while worker.next is not None:
            self.one(worker)


@pytest.mark.parametrize("checks", range(4, 12))
@pytest.mark.parametrize("before", range(3))
def test_a_crash_at_the_end_leaves_nothing_undone(checks: int, before: int) -> None:
    """Kind: a run that never ends. When a worker dies after the others are done, its replacement runs what is left."""
    run = Run(checks)
    good, dies = run.workers
    for _ in range(min(before, len(dies.queue) - 1)):
        run.one(dies)
    run.to_the_end(good)
    if good.shutting_down:
        run.scheduler.remove_node(good)
    crashed = run.scheduler.remove_node(dies)
    replacement = Worker("gw2")
    run.join(replacement)
    run.scheduler.schedule()
    for worker in (good, replacement):
        run.to_the_end(worker)
    assert sorted([*run.ran, run.ids.index(str(crashed))]) == list(range(checks))
    assert replacement.queue == []


def test_the_sdk_is_one_scope() -> None:
    """Registrations and single steps by the SDK share a scope, in whichever file: one worker imports it."""
    cases = ("sklearn-canonical", "pyfunc-literal", "any-sdk", "canonical-sdk")
    scopes = {scope_of(f"suites/{case}.py::test_a[{case}]") for case in cases}

    assert len(scopes) == 1


def test_spare_stack_is_one_scope() -> None:
    """Every check that changes the scratch stack shares one scope, whatever else it is parametrised over."""
    cases = ("scratch", "scratch-slow", "scratch-name[1].bin")
    scopes = {scope_of(f"suites/local/{place}.py::test_a[{case}]") for place, case in enumerate(cases)}

    assert len(scopes) == 1
    assert scopes != {scope_of("suites/local/a.py::test_a[canonical]")}


def test_long_checks_are_one_scope() -> None:
    """Checks that take long share a scope, which is sent before what stands alone; their files are there."""
    assert {scope_of(f"{check}[any]") for check in LONG} == {"long"}
    assert all(map(_there, LONG))


def test_checks_on_an_old_connection_are_one_scope() -> None:
    """A connection is made old by one worker, not by each."""
    assert {scope_of(f"{OLD}[any-{kind}]") for kind in ("run", "sdk-model")} == {"old connection"}
    assert _there(OLD)


def _there(check: str) -> bool:
    """Return whether a file, or a check in it, is there."""
    file, _, name = check.partition("::")
    return f"def {name}" in (ROOT / file).read_text()


@pytest.mark.parametrize("case", ["[canonical]", "[canonical-8KiB]", ""])
def test_other_checks_stand_alone(case: str) -> None:
    """Checks that need neither stand alone."""
    assert scope_of(f"{FLOW}::test_a{case}") != scope_of(f"{FLOW}::test_a[sklearn-canonical]")
    assert scope_of("suites/a.py::test_a[canonical]") == "suites/a.py::test_a[canonical]"
