"""What each process of a run knows about the run, and the fixtures that provide it."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from registry_conformance.judge.expect import PreconditionFailed
from registry_conformance.judge.requirement import Register
from registry_conformance.judge.target.target import Target
from registry_conformance.lab.stack.handle import Stack, StackError
from registry_conformance.run.session.recording import Recording
from registry_conformance.run.settings import Settings

RUN_CONTROLLER = "conformance-conductor"
"""The name of the plugin that conducts a run."""
REFUSAL = "conformance_refusal"
"""Where a worker puts the reason why it refused to collect."""


@dataclass
class Context:
    """One process's view of a run: settings, register, and the target: ``given``, or the stack's at ``address``.

    ``suffix`` distinguishes repeated work on one target: names created for it contain it.
    """

    settings: Settings
    register: Register
    recording: Recording
    given: Target | None = field(default=None, repr=False)
    address: str = field(default="", repr=False)
    stack_name: str = "main"
    suffix: str = ""
    _target: Target | None = field(default=None, repr=False)

    @property
    def stack(self) -> Stack:
        """Return the handle to the run's stack."""
        return Stack(self.address, self.stack_name)

    @property
    def target(self) -> Target:
        """Return the target, fetched once; from then on its secrets are redacted in every record."""
        if self._target is None:
            try:
                self._target = self.given or self.stack.target()
            except StackError as problem:
                raise PreconditionFailed("a stack that answers", str(problem)) from problem
            self.recording.judge(self._target)
        return self._target

    def judge(self, target: Target, stack_name: str) -> None:
        """Judge another target, on another stack of the run, from now on."""
        self._target, self.stack_name = target, stack_name
        self.recording.judge(target)


CONTEXT: pytest.StashKey[Context] = pytest.StashKey()


@pytest.fixture(scope="session")
def run_id(pytestconfig: pytest.Config) -> str:
    """The prefix of every name that this run creates on the target."""
    context = pytestconfig.stash[CONTEXT]
    return context.settings.run_id + context.suffix


@pytest.fixture(scope="session")
def target(pytestconfig: pytest.Config) -> Target:
    """The deployment that is judged, as checks may reach it."""
    return pytestconfig.stash[CONTEXT].target


@pytest.fixture(scope="session")
def stack(pytestconfig: pytest.Config) -> Stack:
    """The stack under the target, if it is ours."""
    return pytestconfig.stash[CONTEXT].stack
