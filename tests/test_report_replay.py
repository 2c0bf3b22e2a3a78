"""The curl command of an exchange does again what was done."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from registry_conformance.judge.clients.http_sender import HttpSender
from registry_conformance.judge.evidence.exchange import Exchange
from registry_conformance.judge.evidence.recorder import Evidence
from registry_conformance.judge.report.replay import curl
from registry_conformance.judge.target.target import Door
from tests.http_servers import echo

KEY = "key-of-the-writer"
SAME = ("method", "target", "size", "sha256")


@pytest.fixture(scope="module")
def door() -> Iterator[Door]:
    """A server that answers with what it was asked."""
    with echo() as url:
        yield Door("canonical", url)


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
@pytest.mark.parametrize(
    ("method", "path", "options"),
    [
        ("GET", "/api/x?name=it's+%22quoted%22&n=1", {}),
        ("POST", "/api/x", {"json": {"name": "it's $HOME `x` \\ é"}}),
        ("PUT", "/a%2Fb/%C3%B6", {"body": b"text\nlines", "headers": [("Content-Type", "text/plain")]}),
        ("DELETE", "/api/x", {"json": {"run_id": "1"}}),
    ],
)
def test_command_repeats_the_request(door: Door, method: str, path: str, options: dict[str, Any]) -> None:
    """A shell that has the key sends the same method, target, body and credential."""
    evidence = Evidence()
    exchange: Exchange = HttpSender(door, KEY, evidence, "run-1").send(method, path, **options)
    item: Any
    (item,) = evidence.items()
    said = subprocess.run(
        ["sh", "-c", curl(item)],
        env=os.environ | {"MLFLOW_TRACKING_TOKEN": KEY, "NO_PROXY": "*"},
        capture_output=True,
        text=True,
        check=True,
        timeout=600,
    ).stdout
    asked, again = exchange.json(), json.loads(said.partition("\n\n")[2])

    assert exchange.ok
    assert KEY not in curl(item)
    assert [again[name] for name in SAME] == [asked[name] for name in SAME]
    assert dict(again["headers"])["Authorization"] == f"Bearer {KEY}"
    assert dict(again["headers"]).get("Content-Type") == dict(asked["headers"]).get("Content-Type")
