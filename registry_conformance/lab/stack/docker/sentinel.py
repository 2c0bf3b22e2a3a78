"""Clean up after a killed supervisor: ``python -m ...docker.sentinel RUN_ID``.

The kernel ends the processes of a killed supervisor, but containers belong to the engine and keep running. Standard
input is a pipe that the supervisor holds open; its end triggers the clean-up. Containers that an interrupted start
still creates are removed as well.
"""

from __future__ import annotations

import sys
import time

from registry_conformance.lab.stack.docker.labels import sweep

_TIMES = 5
_PAUSE = 1.0


def main(run_id: str) -> None:
    """Wait for the end of standard input, then remove everything until nothing is found twice in a row."""
    sys.stdin.read()
    clean = 0
    for _ in range(_TIMES):
        clean = 0 if sweep(run_id) else clean + 1
        if clean == 2:
            return
        time.sleep(_PAUSE)


if __name__ == "__main__":
    main(sys.argv[1])
