"""Wait until the supervisor is gone, however it went, and sweep: ``python -m ...docker.sentinel RUN_ID``.

Processes of a killed supervisor die with it, by the kernel; containers are the engine's, and live on. Standard input
is a pipe that the supervisor holds open. What a start that was cut in the middle still makes is swept as well.
"""

from __future__ import annotations

import sys
import time

from registry_conformance.lab.stack.docker.labels import sweep

_TIMES = 5
_PAUSE = 1.0


def main(run_id: str) -> None:
    """Wait for the end of standard input, then sweep until nothing is found twice in a row."""
    sys.stdin.read()
    clean = 0
    for _ in range(_TIMES):
        clean = 0 if sweep(run_id) else clean + 1
        if clean == 2:
            return
        time.sleep(_PAUSE)


if __name__ == "__main__":
    main(sys.argv[1])
