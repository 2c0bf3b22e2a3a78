"""The netrc entry of a host: the MLflow client sends it instead of any other credential."""

from __future__ import annotations

import netrc
from pathlib import Path
from urllib.parse import urlsplit

from registry_conformance.judge.machine import variable
from registry_conformance.judge.target.credential import Password

_FILES = ("~/.netrc", "~/_netrc")


def netrc_password(url: str) -> Password | None:
    """Return user and password of the netrc entry for a URL's host, ``None`` without one.

    The HTTP library of the MLflow client reads that file, and an entry replaces the header with the key.
    """
    named = variable("NETRC")
    files = [Path(name).expanduser() for name in ([named] if named else _FILES)]
    file = next((each for each in files if each.is_file()), None)
    if file is None:
        return None
    try:
        found = netrc.netrc(str(file)).authenticators(urlsplit(url).hostname or "")
    except (OSError, netrc.NetrcParseError):
        return None  # that library takes such a file for none
    if not found:
        return None
    user, account, password = found
    return Password(user or account, password or "")
