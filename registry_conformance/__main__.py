"""``python -m registry_conformance`` is the command ``registry-conformance``."""

from registry_conformance.cli.main import main

if __name__ == "__main__":
    main()
