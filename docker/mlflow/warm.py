"""A parent that has MLflow imported and forks servers when told to: for who changes a server's settings often.

Run as ``python -m warm``. ``WARM_ADDRESS`` (HOST:PORT) is where it is told what to do, by whoever knows ``WARM_TOKEN``:
one JSON line a connection, ``{"token", "do", ...}``, one JSON line back. ``open`` takes ``address`` (host, port);
``serve`` forks one more server there, in the folder ``workdir``, with ``environment`` on top of this process's own, its
modules imported anew if it is ``fresh``; ``close`` leaves the address to the servers; ``signal`` sends them
``number``; ``state`` tells ``pids``, those that live, and ``lost``, whether one ended.
"""

from __future__ import annotations

import contextlib
import hmac
import json
import os
import signal
import socket
import sys
import time
from typing import Any

import serving

_TOLD_AT_MOST = 1 << 20
_PATIENCE = 3.0


class Warm:
    """The servers that were forked since the address was taken, and the socket that they share."""

    def __init__(self) -> None:
        self._listening: socket.socket | None = None
        self._pids: list[int] = []
        self._lost = False

    def do(self, told: dict[str, Any]) -> dict[str, Any]:
        """Do one thing and return what became of it."""
        match told["do"]:
            case "open":
                self._open(tuple(told["address"]))
            case "serve":
                self._fork(told["environment"], told["workdir"], fresh=told["fresh"])
            case "close":
                self._close()
            case "signal":
                self._signal(told["number"])
            case "end":
                self.end()
        self._reap()
        return {"pids": self._pids, "lost": self._lost}

    def end(self) -> None:
        """End every server: ask, then kill."""
        self._signal(signal.SIGTERM)
        give_up = time.monotonic() + _PATIENCE
        while self._pids and time.monotonic() < give_up:
            time.sleep(0.01)
            self._reap()
        self._signal(signal.SIGKILL)
        for pid in self._pids:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, 0)
        self._pids, self._lost = [], False

    def _open(self, address: tuple[str, int]) -> None:
        self._listening = socket.socket()
        self._listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # asyncio does this only if a socket names its protocol; without it each kept connection stalls 40 ms.
        self._listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._listening.bind(address)

    def _fork(self, environment: dict[str, str], workdir: str, *, fresh: bool) -> None:
        assert self._listening is not None, "take an address first"
        pid = os.fork()
        if pid:
            self._pids.append(pid)
            return
        try:
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, signal.SIG_DFL)
            os.environ.update(environment)
            del os.environ["WARM_TOKEN"]
            os.chdir(workdir)
            serving.run(self._listening, fresh=fresh)
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(1)

    def _close(self) -> None:
        if self._listening is not None:
            self._listening.close()
            self._listening = None

    def _signal(self, number: int) -> None:
        for pid in self._pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def _reap(self) -> None:
        for pid in list(self._pids):
            with contextlib.suppress(ChildProcessError):
                if os.waitpid(pid, os.WNOHANG) == (0, 0):
                    continue
            self._pids.remove(pid)
            self._lost = True


def main() -> None:
    """Heed what is told until told to end."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(0))
    host, port = os.environ["WARM_ADDRESS"].rsplit(":", 1)
    token, warm = os.environ["WARM_TOKEN"], Warm()
    with socket.create_server((host, int(port))) as door:
        try:
            while True:
                line, _ = door.accept()
                with line, contextlib.suppress(OSError, ValueError, KeyError):
                    line.settimeout(_PATIENCE)
                    told = json.loads(line.makefile("rb").readline(_TOLD_AT_MOST))
                    if hmac.compare_digest(told["token"], token):
                        line.sendall(json.dumps(warm.do(told)).encode() + b"\n")
        finally:
            warm.end()


if __name__ == "__main__":
    main()
