"""A run's handle to its stack: started by the controller, shared by all workers."""

from __future__ import annotations

import contextlib
import multiprocessing.connection
import pickle
import shutil
import struct
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from registry_conformance.judge.locations import ROOT
from registry_conformance.judge.machine import engine_environment, handed_on, part_environment, python
from registry_conformance.judge.target.target import Target
from registry_conformance.lab.deployment import Deployment
from registry_conformance.lab.stack import process
from registry_conformance.lab.stack.request import StackRequest

_PATIENCE = 30.0


class StackError(RuntimeError):
    """The stack did not start, or a command failed; the message names the part and shows its log."""


class UnsupportedDeploymentError(StackError):
    """The stack cannot become this deployment, because it has an external part; the message names it."""


class Stack:
    """A stack as its users see it: its target, and ``apply`` to change the deployment.

    ``address`` is the supervisor's loopback port and the run's token, ``PORT:TOKEN``; ``name`` distinguishes the stacks
    of a run.
    """

    def __init__(self, address: str, name: str = "main") -> None:
        self.address = address
        self.name = name

    def secondary(self, name: str) -> Stack:
        """Return another stack of this run, equal at first, that can be changed without affecting other checks."""
        return Stack(self.address, f"{self.name}-{name}")

    def target(self) -> Target:
        """Return the target when the stack is ready; raise ``StackError`` if it does not start."""
        target = self._ask("target")
        assert isinstance(target, Target)
        return target

    def apply(self, deployment: Deployment) -> Target:
        """Change the deployment; return the new target when that is done.

        Raises ``UnsupportedDeploymentError`` if an external part cannot have the new settings.
        """
        target = self._ask("apply", deployment)
        assert isinstance(target, Target)
        return target

    def death_reports(self) -> list[str]:
        """Return a message for each part that died unexpectedly."""
        return list(self._ask("death_reports"))

    def pids(self) -> dict[str, int]:
        """Return part -> process id, of the running parts."""
        return dict(self._ask("pids"))

    def processes(self) -> dict[str, list[int]]:
        """Return part -> all process ids, of the running parts."""
        return dict(self._ask("processes"))

    def signal(self, part: str, number: int) -> None:
        """Kill (SIGKILL), stop (SIGSTOP) or continue (SIGCONT) a part."""
        self._ask("signal", (part, number))

    def leave(self) -> list[str]:
        """Stop the parts of all stacks of the run; return what is left in an external store."""
        return list(self._ask("leave"))

    def seconds(self) -> dict[str, float]:
        """Return part -> seconds it took to be ready."""
        return dict(self._ask("seconds"))

    def _ask(self, verb: str, argument: object = None) -> Any:
        try:
            port, token = self.address.split(":")
            with multiprocessing.connection.Client(("127.0.0.1", int(port))) as line:
                line.send_bytes(token.encode())
                line.send((self.name, verb, argument))
                outcome, value = line.recv()
        except (OSError, EOFError) as problem:
            raise StackError(f"the stack's supervisor is gone ({problem}); run again") from problem
        if outcome == "not offered":
            raise UnsupportedDeploymentError(value)
        if outcome == "failed":
            raise StackError(value)
        return value


class OwnedStack(Stack):
    """A stack that this process started, and that ends with it in every case."""

    def __init__(self, order: StackRequest) -> None:
        self._run_id = order.run_id
        self._external_store = order.external_store
        self.left: list[str] = []
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 - as long-lived as the process that writes it
        self._supervisor = subprocess.Popen(
            [python(), "-m", "registry_conformance.lab.stack.supervisor"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
            cwd=ROOT,
            env=part_environment(order.run_id, ROOT)
            | engine_environment()
            | handed_on()
            | {"TMPDIR": tempfile.gettempdir()},
            start_new_session=True,
        )
        assert self._supervisor.stdin and self._supervisor.stdout
        raw = pickle.dumps(order)
        self._supervisor.stdin.write(struct.pack("!i", len(raw)) + raw)
        self._supervisor.stdin.flush()
        super().__init__(self._supervisor.stdout.readline().decode().strip())
        if not self.address:
            self.close()
            raise StackError(f"the stack's supervisor did not start: {self._last_words()}")

    def close(self) -> None:
        """Stop the stack; return when nothing is left, apart from what ``left`` names then."""
        assert self._supervisor.stdin
        with contextlib.suppress(BrokenPipeError):
            self._supervisor.stdin.close()
        try:
            self._supervisor.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self._supervisor.kill()
            self._supervisor.wait()
        finally:
            if self._supervisor.returncode != 0:  # it was killed: do its last duty for it
                process.sweep(self._run_id)
                self.left = self._swept_store()
                for folder in Path(tempfile.gettempdir()).glob(f"{self._run_id}-*"):
                    shutil.rmtree(folder, ignore_errors=True)
            assert self._supervisor.stdout
            self._supervisor.stdout.close()

    def _swept_store(self) -> list[str]:
        """Remove what the run created in an external store; return what is left there."""
        if self._external_store is None:
            return []
        from registry_conformance.lab.stack import external_store  # noqa: PLC0415 - a tenth of a second, hardly ever due

        return external_store.sweep(self._external_store, self._run_id)

    def _last_words(self) -> str:
        self._said.seek(0)
        said = self._said.read().decode(errors="replace").strip()
        return said.splitlines()[-1] if said else f"exit code {self._supervisor.returncode}, without a word"
