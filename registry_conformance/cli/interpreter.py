"""Programs of this project run on the interpreter of its own environment, whichever one they were called with.

Standard library only: it is imported before anything that has to be installed.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

_OWN = Path(__file__).resolve().parents[2] / ".venv" / "bin" / "python"


def use_own_interpreter() -> None:
    """Start the program again on the project's own interpreter, where there is one and this is another."""
    if _OWN.exists() and Path(sys.prefix) != _OWN.parents[1]:
        os.execv(_OWN, [str(_OWN), *sys.argv])  # noqa: S606 - the same program, by the interpreter that it needs
