"""What of the user's environment reaches whom: judging has none of it, an installer has what gets it to its index."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from registry_conformance.judge.machine import handed_on, part_environment

SHOW = """
import json, os
from registry_conformance.judge.machine import handed_on, installer_environment, isolate
isolate()
print(json.dumps([dict(os.environ), installer_environment(), handed_on()]))
"""
USERS = {
    "HTTPS_PROXY": "http://proxy.example:3128",
    "no_proxy": "intern.example",
    "SSL_CERT_FILE": "/etc/company.pem",
    "UV_INDEX_URL": "https://index.example/simple",
}


def users() -> dict[str, str]:
    """Return the environment of a user."""
    return {name: value for name, value in bare().items() if name != "NO_PROXY"} | USERS


def bare() -> dict[str, str]:
    """Return the environment of a part."""
    return part_environment("verify-x", Path.home())


def shown(around: dict[str, str]) -> list[dict[str, str]]:
    """Return what a process in this environment has, what its installers have, and what it hands on."""
    done = subprocess.run([sys.executable, "-c", SHOW], env=around, capture_output=True, text=True, check=True)
    return list(json.loads(done.stdout))


def test_installer_has_the_users_index_certificates_and_proxy() -> None:
    """Behind a company's proxy packages are found as the user finds them, though nothing judged goes that way."""
    own, installer, _ = shown(users())

    assert "HTTPS_PROXY" not in own
    assert own["NO_PROXY"] == "*"
    assert USERS.items() <= installer.items()
    assert "NO_PROXY" not in installer


def test_a_process_without_the_users_variables_installs_as_the_one_that_started_it() -> None:
    """The supervisor of a stack has nothing of the user's, and its installers have what this process was given."""
    _, installer, handed = shown(users())
    own, there, _ = shown(bare() | handed)

    assert not USERS.keys() & own.keys()
    assert USERS.items() <= there.items()
    assert "NO_PROXY" not in there
    assert installer["SSL_CERT_FILE"] == there["SSL_CERT_FILE"]
    assert handed_on().keys() == handed.keys()
