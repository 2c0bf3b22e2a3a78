"""Runs of pytest on a suite whose checks give secrets away, each a fork of one process; run in a copy of the project.

``python canary_runs.py FOLDER`` reads lists of options from ``FOLDER/cases.json``; case N says all that it says in
``FOLDER/N/said`` and writes its files beside that.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

TARGET = """
import json
import pytest
from registry_conformance.judge.target.target import BucketAccess, Door, Target

@pytest.hookimpl
def pytest_conformance_target(config):
    key, secret, token = json.loads(open("secrets.json").read())
    bucket = BucketAccess("http://127.0.0.1:9", "us-east-1", "bucket", "", "AKIAEXAMPLE", secret, token)
    door = Door("canonical", "http://127.0.0.1:9", 0.05)
    return Target("nobody", "double", (door,), {"writer": key}, bucket=bucket)
"""
CHECKS = '''
import base64, logging, os, sys, warnings

@pytest.fixture
def broken(key, target):
    token = key("writer")
    logging.getLogger("canary").error("in set-up %s", target.bucket.secret_key)
    raise RuntimeError(f"set-up with {token} \\x1b[2J")

@verifies("ZZZ-001")
def test_gives_away(key, target):
    """It gives secrets away."""
    token, held = key("writer"), target.bucket
    head = b"GET / HTTP/1.1\\r\\nHost: h\\r\\nAuthorization: Bearer " + token.encode() + b"\\r\\nX: " + b"y" * 200
    kept = {"filler": "x" * 200, "token": token, "secret": held.secret_key, "session": held.session_token}
    encoded = base64.b64encode(f"user:{token}".encode()).decode()
    logger = logging.getLogger("canary")
    logger.warning("token %s %s \\x1b]0;title\\x07", token, encoded)
    logger.debug("CanonicalRequest x-amz-security-token:%s", held.session_token)
    try:
        raise ValueError(held.secret_key)
    except ValueError:
        logger.exception("caught")
    print("printed", token, held.session_token, "\\x1b[2J")
    print("printed", held.secret_key, file=sys.stderr)
    warnings.warn(f"warned {token}")
    assert head == b"other" + head, f"failed with {token} {held.secret_key} \\x1b[31m \\u202e"

@verifies("ZZZ-001")
def test_is_broken(broken):
    """It is broken."""

@verifies("ZZZ-001")
def test_passes(key):
    """It passes, and has said a lot."""
    print("said", key("writer"))

@verifies("ZZZ-001")
def test_goes_past_every_guard(key):
    """It writes past all that stands in the way: what is looked for can be found."""
    if os.environ.get("PLANT"):
        os.write(1, key("writer").encode())
'''


def main(folder: Path) -> None:
    """Run every case."""
    warm_up()
    for number, options in enumerate(json.loads((folder / "cases.json").read_text())):
        place = folder / str(number)
        place.mkdir()
        child = os.fork()
        if not child:
            said = os.open(place / "said", os.O_CREAT | os.O_WRONLY, 0o600)
            silence = os.open(os.devnull, os.O_RDONLY)
            for source, there in ((silence, 0), (said, 1), (said, 2)):
                os.dup2(source, there)
            given = [option.replace("{place}", str(place)) for option in options]
            code = pytest.main(["suites/local", "-p", "target_of_nobody", f"--report-dir={place}/reports", *given])
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(int(code))
        os.waitpid(child, 0)


def warm_up() -> None:
    """Import and compile once for all forks what each of them would."""
    from registry_conformance.judge.report.page.render import render  # noqa: F401, PLC0415 - of the copy beside this file
    from registry_conformance.judge.report.redact import Redactor  # noqa: PLC0415 - as above
    from registry_conformance.lab.images.engine import ready  # noqa: PLC0415 - as above
    from registry_conformance.run import plugin  # noqa: F401, PLC0415 - as above

    ready([])
    Redactor(json.loads(Path("secrets.json").read_text()))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
