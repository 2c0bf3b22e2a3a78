"""From a script of this checkout to the command, on the interpreter of the project's own environment.

Standard library only: whoever calls a script may have nothing else.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parent.parent
PYTHON = ROOT / ".venv" / "bin" / "python"
COULD_NOT = 6


def enter(*command: str, module: str = "registry_conformance.__main__") -> NoReturn:
    """Carry out ``command`` with the arguments of this process, whichever interpreter that was started with."""
    if not PYTHON.exists():
        sys.stderr.write(f"{Path(sys.argv[0]).name}: the environment is not there yet: run `make setup` in {ROOT}\n")
        sys.exit(COULD_NOT)
    start = f"import sys; sys.path.insert(0, {str(ROOT)!r}); from {module} import main; main()"
    os.execv(PYTHON, [str(PYTHON), "-P", "-c", start, *command, *sys.argv[1:]])  # noqa: S606 - our own interpreter
