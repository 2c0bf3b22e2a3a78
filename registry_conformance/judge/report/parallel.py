"""Work in a forked child process."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection

_FORK = multiprocessing.get_context("fork")


@contextmanager
def parallel(work: Callable[[], None]) -> Iterator[None]:
    """Run ``work`` in a fork of this process while the block runs; its exception is raised at the end of the block.

    Raises ``ChildProcessError`` if the fork was killed.
    """
    told, telling = _FORK.Pipe(duplex=False)
    worker = _FORK.Process(target=_done, args=(work, telling), daemon=True)
    worker.start()
    telling.close()
    try:
        yield
    finally:
        problem = _last_word(told)
        worker.join()
    if problem is not None:
        raise problem


def _done(work: Callable[[], None], telling: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent reports the interrupt
    try:
        work()
    except Exception as problem:  # noqa: BLE001 - it is raised in the other process
        telling.send(problem)
    else:
        telling.send(None)


def _last_word(told: Connection) -> Exception | None:
    with told:
        try:
            problem: Exception | None = told.recv()
        except EOFError:
            return ChildProcessError("a process that wrote a part of them was ended from outside")
    return problem
