"""What all parts of a stack have in common: start, readiness, change, stop, and reporting an unexpected death."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence

import httpx

from registry_conformance.judge.waiting import awaited_beside_others
from registry_conformance.lab.deployment import Deployment
from registry_conformance.lab.stack import process
from registry_conformance.lab.stack.layout import Layout


class PartError(RuntimeError):
    """A part did not start, or died; the message names it and shows the tail of its log."""


class UnsupportedByPartError(RuntimeError):
    """A stack cannot become this deployment, because of an external part; the message names it."""


class Part(ABC):
    """One part of a stack; ``told_version`` is the version that it reports when it runs, empty if it reports none."""

    name: str

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.seconds = 0.0
        self.wanted = False
        self.told_version = ""

    @abstractmethod
    def spec(self, deployment: Deployment) -> Hashable:
        """Return everything that this part takes from the deployment; equal values mean that nothing has to change."""

    def lacks(self, deployment: Deployment) -> str:
        """Return why a deployment is not possible, empty if it is: only external parts have limits."""
        del deployment
        return ""

    @abstractmethod
    async def start(self, deployment: Deployment) -> None:
        """Start the process."""

    @abstractmethod
    async def is_ready(self, deployment: Deployment) -> bool:
        """Return whether the part works, by a real request."""

    @abstractmethod
    async def stop(self) -> None:
        """End the process; calling it twice is harmless."""

    @property
    def died(self) -> bool:
        """Whether it has ended without being stopped."""
        return self.wanted and not self.is_alive()

    @abstractmethod
    def is_alive(self) -> bool:
        """Return whether the process runs."""

    @property
    @abstractmethod
    def pid(self) -> int | None:
        """The id of the process that was started last, ``None`` before the first start."""

    @property
    def pids(self) -> list[int]:
        """The ids of all its processes that were started last."""
        return [self.pid] if self.pid is not None else []

    @property
    def image(self) -> str:
        """The digest of its image, empty if it has none."""
        return ""

    @abstractmethod
    def signal(self, number: int) -> None:
        """Kill (SIGKILL), stop (SIGSTOP) or continue (SIGCONT) it; ignored if it does not run."""

    @abstractmethod
    def version(self) -> str:
        """Return the running version, as reports name it."""

    async def up(self, deployment: Deployment) -> None:
        """Start the part and return when it is ready; raise ``PartError`` with its log otherwise."""
        began = time.monotonic()
        try:
            await self.start(deployment)
        except OSError as problem:
            raise PartError(f"{self.name} could not be started: {problem}") from problem
        self.wanted = True
        await self.until(lambda: self.is_ready(deployment), "ready")
        self.seconds = time.monotonic() - began

    async def down(self) -> None:
        """Stop the part on purpose."""
        self.wanted = False
        await self.stop()

    async def apply(self, deployment: Deployment) -> None:
        """Change a running part to what the deployment says; by default through a restart."""
        await self.restart(deployment)

    async def restart(self, deployment: Deployment) -> None:
        """Stop the part, if it runs, and start it as the deployment says."""
        await self.down()
        await self.up(deployment)

    async def until(self, condition: Callable[[], Awaitable[bool]], state: str) -> None:
        """Poll until the condition holds; raise ``PartError`` if the part dies or the time is up."""

        async def holds_or_died() -> bool:
            if await self._holds(condition):
                return True
            if not self.is_alive():
                raise PartError(self.death_report(f"died before it was {state}"))
            return False

        if not await awaited_beside_others(holds_or_died, self.layout.patience):
            raise PartError(self.death_report(f"was not {state} after {self.layout.patience:.0f} s"))

    async def _holds(self, condition: Callable[[], Awaitable[bool]]) -> bool:
        try:
            return await condition()
        except httpx.HTTPError:
            return False

    def death_report(self, what: str) -> str:
        """Return a message with the part's name, how it ended, and the last lines of its log."""
        said = process.tail(self.layout.log(self.name))
        remedy = "; the environment is incomplete: run `make setup`" if "No module named" in said else ""
        lines = said.replace("\n", "\n    ")
        return f"{self.name} {what}{remedy}\n  the end of its log:\n    {lines}"


class ProgramPart(Part):
    """A part that is a single program, started by the stack's runner."""

    program: str
    """The name that the program has with what runs it."""

    def __init__(self, layout: Layout) -> None:
        super().__init__(layout)
        self.runner = layout.new_runner(layout, self.name)

    async def launch(self, arguments: Sequence[str], variables: Mapping[str, str]) -> None:
        """Start the program with these arguments and variables, output to the part's log."""
        await self.runner.start(self.program, arguments, variables)

    async def stop(self) -> None:
        """End the program; calling it twice is harmless."""
        await self.runner.stop()

    def is_alive(self) -> bool:
        """Return whether the program runs."""
        return self.runner.is_alive()

    @property
    def pid(self) -> int | None:
        """The id of the process that was started last, ``None`` before the first start."""
        return self.runner.pid

    @property
    def image(self) -> str:
        """The digest of its image, empty if it has none."""
        return self.runner.image

    def signal(self, number: int) -> None:
        """Send the program a signal: kill, stop or continue."""
        self.runner.signal(number)

    def version(self) -> str:
        """Return the running version, as reports name it."""
        return self.runner.version(self.program) or self.installed()

    @abstractmethod
    def installed(self) -> str:
        """Return the version of the installed program."""
