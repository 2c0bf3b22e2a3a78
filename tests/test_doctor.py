"""The doctor tells layer by layer what works, names the cause, gives nothing away, and ends in a code that says how."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from registry_conformance.judge.diagnosis.layers import LAYERS
from registry_conformance.judge.diagnosis.outcome import USAGE, Health
from registry_conformance.judge.live.address import name_of
from registry_conformance.judge.locations import ROOT, report_folder
from registry_conformance.judge.target import ledger
from registry_conformance.judge.target.requests import Made
from registry_conformance.judge.waiting import awaited
from registry_conformance.lab.deployment import REFERENCE
from registry_conformance.lab.faults.catalogue import CATALOGUE
from registry_conformance.lab.stack.handle import OwnedStack

pytestmark = pytest.mark.usefixtures("forked_throughout")


def examine(*arguments: str, key: str = "", certificate: str = "") -> subprocess.CompletedProcess[str]:
    """Run the doctor with a key and a client certificate in its environment."""
    return call("doctor", *arguments, MLFLOW_TRACKING_TOKEN=key, MLFLOW_TRACKING_CLIENT_CERT_PATH=certificate)


def call(program: str, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run one of the programs with these variables in its environment."""
    command, environment = [sys.executable, str(ROOT / "scripts" / program), *arguments], os.environ | variables
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=600, check=False)


@pytest.mark.parametrize(
    ("arguments", "key", "told"),
    [
        (["--env=nowhere"], "", "--env=nowhere: unknown; use one of local-example"),
        (["--url=http://127.0.0.1:9/x"], "abc", "MLFLOW_TRACKING_TOKEN"),
        (["--url=ftp://somewhere/x"], "a-key-of-mine", "not a tracking URI"),
        (["--url=http://me:secret-word@somewhere/x"], "a-key-of-mine", "'http://somewhere/x': not a tracking URI"),
        (["--url=http://somewhere/x", "--budget=0"], "a-key-of-mine", "--budget"),
        (["--fault=no-such-fault"], "", "--fault=no-such-fault: unknown; "),
        ([], "", "give one of --url, --env, --env-file, --fault"),
    ],
)
def test_a_wrong_call_is_told_in_one_message(arguments: list[str], key: str, told: str) -> None:
    """A bad option is exit code 4, with a message that names it, no traceback, no secret."""
    done = examine(*arguments, key=key)
    assert done.returncode == USAGE
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    assert "secret-word" not in done.stderr


def test_a_client_certificate_that_is_not_there_is_told(tmp_path: Path) -> None:
    """The variable of the MLflow client for a certificate counts, and a file that it names must be there."""
    done = examine("--url=http://127.0.0.1:9/x", certificate=str(tmp_path / "none.pem"))
    assert done.returncode == USAGE
    assert "MLFLOW_TRACKING_CLIENT_CERT_PATH: there is no file" in done.stderr
    (tmp_path / "none.pem").write_bytes(bytes(range(256)))
    unreadable = examine("--url=http://127.0.0.1:9/x", certificate=str(tmp_path / "none.pem"))
    assert unreadable.returncode == USAGE
    assert "holds no certificate with its key in PEM" in unreadable.stderr


def test_a_door_where_nobody_listens_is_unreachable() -> None:
    """A refused connection is exit code 6, told as such, with nothing asked behind it."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    done = examine(f"--url=http://127.0.0.1:{port}/api/mlflow", "--json", key="a-key-of-mine")
    told = json.loads(done.stdout)
    assert done.returncode == Health.UNREACHABLE.exit_code
    assert told["health"] == "unreachable"
    assert told["diagnosis"][0]["layer"] == "network"
    assert told["facts"]["first.end.P"]["value"] == "door-port-closed"
    assert told["layers"]["network"] == "wrong", "what ended the examination is wrong in its own layer"
    assert "works" not in told["layers"].values()
    assert "put.P" not in told["facts"]


def test_a_healthy_door_is_healthy_and_no_secret_is_told(stack: OwnedStack) -> None:
    """With a URL and a key alone every layer that can be seen works, and what cannot is said."""
    target = stack.target()
    done = examine(f"--url={target.doors[0].url}", key=target.api_key("writer") or "")
    assert done.returncode == Health.HEALTHY.exit_code, done.stdout + done.stderr
    assert all(name in done.stdout for name in LAYERS)
    assert "was given an address, no more" in done.stdout
    assert "YES: a model can be registered here" in done.stdout
    assert "MLflow 3.17.2, as it says itself" in done.stdout
    assert not [secret for secret in target.secrets if secret in done.stdout + done.stderr]


@pytest.mark.parametrize("fault", ["artifact-route-missing", "presigned-route-missing", "patch-refused"])
def test_a_fault_is_named_with_a_url_and_a_key_alone(fault: str, stack: OwnedStack) -> None:
    """The cause comes first though neither MLflow, the bucket nor any log is seen, and the exit code is 1."""
    try:
        target = stack.apply(CATALOGUE[fault].change(REFERENCE))
        done = examine(f"--url={target.doors[0].url}", "--json", key=target.api_key("writer") or "")
    finally:
        stack.apply(REFERENCE)
    told = json.loads(done.stdout)
    assert done.returncode == Health.ILL.exit_code
    assert told["diagnosis"][0]["id"] == fault
    assert told["diagnosis"][0]["remedy"]
    assert told["layers"]["bucket"] == "not seen"


def test_what_a_killed_doctor_made_is_told_by_the_next_and_removed_by_the_janitor(stack: OwnedStack) -> None:
    """A URL and a key alone are enough for the janitor too: the ledger says what is to go."""
    target = stack.target()
    url, key = target.doors[0].url, {"MLFLOW_TRACKING_TOKEN": target.api_key("writer") or ""}
    ledgers = report_folder() / "ledgers" / name_of(url)
    before = {*ledgers.glob("*.sqlite")}

    def holding() -> list[Made]:
        return [made for file in {*ledgers.glob("*.sqlite")} - before for made in ledger.left(file, _here(url))]

    killed = subprocess.Popen(
        [sys.executable, str(ROOT / "scripts" / "doctor"), f"--url={url}"],
        env=os.environ | key,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    assert awaited(holding, 120.0), "the doctor makes what its ledger lists first"
    killed.kill()
    killed.wait()

    (run,) = (file.stem for file in {*ledgers.glob("*.sqlite")} - before)

    told = call("doctor", f"--url={url}", "--read-only", **key).stderr
    swept = call("janitor", f"--url={url}", "--older-than=0m", **key).stdout

    assert re.search(
        rf"the run {run} left .* here, or may have; `registry-conformance janitor` with the same --url", told
    )
    assert re.search(rf"^{run}: \d+ gone, 0 left behind$", swept, re.MULTILINE), swept
    assert holding() == []


def _here(url: str) -> str:
    return ledger.describe_target({"given": url}, "")


def test_a_folder_that_cannot_be_written_is_named_and_a_look_that_only_reads_needs_none(tmp_path: Path) -> None:
    """Kind: a checkout that is read-only. What is written to the target must be remembered; else nothing is."""
    (tmp_path / "file").touch()
    asked = ["--url=http://127.0.0.1:9/x", f"--report-dir={tmp_path / 'file' / 'reports'}"]
    writing, reading = examine(*asked), examine(*asked, "--read-only")
    assert writing.returncode == USAGE
    assert "the ledger cannot be made: Not a directory; nothing is sent; name a folder" in writing.stderr
    assert "ledger" not in reading.stderr
    assert "nothing listens at 127.0.0.1:9" in reading.stdout
