"""The start of the command ``registry-conformance``, and of ``python -m registry_conformance``."""

from __future__ import annotations

import sys
from typing import NoReturn

_INTERRUPTED = 2


def main() -> NoReturn:
    """Run the command line of this process; one that is interrupted before it can say more ends in a line, too."""
    try:
        from registry_conformance.cli.main import main as command  # noqa: PLC0415 - it takes most of the start

        command()
    except KeyboardInterrupt:
        sys.stderr.write("registry-conformance: interrupted by Ctrl-C\n")
        sys.exit(_INTERRUPTED)


if __name__ == "__main__":
    main()
