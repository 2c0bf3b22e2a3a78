"""A store that somebody else runs: a bucket of our own is made there and taken away, and nothing else is touched."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import boto3
import psutil
import pytest

from registry_conformance.judge.machine import new_run_id
from registry_conformance.lab.deployment import REFERENCE, Links, MLflow
from registry_conformance.lab.external.store import ExternalStore, ExternalStoreError, checked, store_lacks
from registry_conformance.lab.stack.external_store import bucket_name, is_of
from registry_conformance.lab.stack.handle import OwnedStack
from registry_conformance.lab.stack.process import free_ports
from registry_conformance.lab.stack.request import StackRequest
from tests.conftest import Project, eventually
from tests.parts import running, until_ok
from tests.test_bad_input import GOOD, run_here

pytestmark = pytest.mark.usefixtures("forked_throughout")

KEYS = {"AWS_ACCESS_KEY_ID": "somebody", "AWS_SECRET_ACCESS_KEY": "a-secret-of-others"}
STORE = """
@verifies("ZZZ-001")
def test_stores(door, bucket, run):
    \"\"\"An upload lies in the bucket.\"\"\"
    expect_status(door.put_artifact(run.location, "a.bin", b"abc"), 200)
    expect_equal(bucket.under(run.location), {"a.bin": 3}, "objects")
"""


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a store of others, which has a bucket of theirs with an object in it."""
    port, log = free_ports(1)[0], tmp_path_factory.mktemp("elsewhere") / "moto.log"
    url = f"http://127.0.0.1:{port}"
    with running([sys.executable, "-m", "moto.server", "-p", str(port)], log):
        until_ok(url, log, 60)
        theirs = store(url)
        theirs.create_bucket(Bucket="theirs")
        theirs.put_object(Bucket="theirs", Key="kept", Body=b"kept")
        yield url


def store(url: str):  # type: ignore[no-untyped-def] # boto3 makes its clients at run time
    """Return a client of the store as whoever runs it has one."""
    return boto3.client(
        "s3",
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id=KEYS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=KEYS["AWS_SECRET_ACCESS_KEY"],
    )


def buckets(url: str) -> list[str]:
    """Return the names of all buckets."""
    return [one["Name"] for one in store(url).list_buckets()["Buckets"]]


def test_a_run_leaves_a_store_of_others_as_it_was(project: Project, elsewhere: str) -> None:
    """What is uploaded lies in a bucket of the run's own, which is gone afterwards; theirs is untouched."""
    project.checks(STORE)
    code, output = project.run(f"--store={elsewhere}", "-n2", **KEYS)

    assert code == 0, output
    assert f"store at {elsewhere}" in output
    assert buckets(elsewhere) == ["theirs"]
    assert store(elsewhere).get_object(Bucket="theirs", Key="kept")["Body"].read() == b"kept"
    assert KEYS["AWS_SECRET_ACCESS_KEY"] not in output


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="the kernel's parent-death signal is Linux's")
def test_a_killed_supervisor_leaves_no_bucket(elsewhere: str, cache: Path) -> None:
    """Whoever ends a stack whose supervisor was killed takes the bucket away in its place."""
    there = ExternalStore(elsewhere, "us-east-1", *KEYS.values())
    owned = OwnedStack(StackRequest(new_run_id(), cache=cache, external_store=there))
    try:
        access = owned.target().bucket
        assert access is not None
        assert access.bucket in buckets(elsewhere)  # control: it was made
        os.kill(psutil.Process(owned.pids()["proxy"]).ppid(), signal.SIGKILL)
        eventually(lambda: access.bucket in buckets(elsewhere), "the bucket is still there")
    finally:
        owned.close()

    assert owned.left == []
    assert buckets(elsewhere) == ["theirs"]


def test_a_store_that_does_not_answer_is_named(project: Project) -> None:
    """A URL where nobody answers is exit code 6, with the URL and no traceback."""
    project.checks(GOOD)
    url = f"http://127.0.0.1:{free_ports(1)[0]}"
    code, output = project.run(f"--store={url}", **KEYS)

    assert code == 6, output
    assert f"the store at {url} cannot be reached" in output
    assert "Traceback" not in output


@pytest.mark.parametrize(
    ("options", "variables", "message"),
    [
        (("--store=http://s3.example",), {}, "--store=http://s3.example: set AWS_ACCESS_KEY_ID to what opens it"),
        (
            ("--store=http://s3.example", "--fault=put-object-denied"),
            KEYS,
            "is not ours: nobody's role is changed there",
        ),
        (
            ("--store=https://s3.example", "--fault=store-slow"),
            KEYS,
            "in TLS: nothing can stand on the link to it",
        ),
        (("--store=http://me:hidden-word@s3.example",), KEYS, "--store=s3.example: a URL with credentials stands in"),
    ],
    ids=["no-keys", "role", "link", "credentials"],
)
def test_a_store_that_cannot_be_used_is_a_usage_error(
    options: tuple[str, ...], variables: dict[str, str], message: str
) -> None:
    """The message names the option and what is wrong; exit code 4; no secret, no traceback."""
    code, output = run_here("suites/local", "--stack=embedded", *options, **variables)

    assert code == 4, output
    assert message in output
    assert "Traceback" not in output
    assert "hidden-word" not in output


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("ftp://s3.example", "is no http(s) URL"),
        ("http://", "is no http(s) URL"),
        ("http://s3.example:99999", "is no http(s) URL"),
        ("http://s3.example/bucket", "leave out what follows the host"),
        ("http://s3.example/?list-type=2", "leave out what follows the host"),
        ("http://localhost:9000", "containers have a loopback of their own"),
        ("http://127.0.0.1:9000", "containers have a loopback of their own"),
        ("http://[::1]:9000", "containers have a loopback of their own"),
    ],
)
def test_url_of_no_store_is_refused(url: str, message: str) -> None:
    """What cannot be an S3 service, or not be reached from a container, is refused with the reason."""
    with pytest.raises(ExternalStoreError, match=message.replace("(s)", r"\(s\)")):
        checked(url, from_containers=True)


def test_a_url_is_taken_as_it_is_but_for_a_slash() -> None:
    """A slash at the end is nothing, and processes may use their own loopback."""
    assert checked("https://s3.example/", from_containers=True) == "https://s3.example"
    assert checked("http://127.0.0.1:9000", from_containers=False) == "http://127.0.0.1:9000"


def test_only_links_without_tls_can_be_watched() -> None:
    """Nothing can stand on a link in TLS, and no role is changed in a store of others."""
    watched = replace(REFERENCE, links=Links(watched=frozenset({"store"})))

    assert store_lacks("http://s3.example", watched) == ""
    assert "in TLS" in store_lacks("https://s3.example", watched)
    assert "not ours" in store_lacks(
        "http://s3.example", replace(REFERENCE, mlflow=MLflow(denied=frozenset({"s3:GetObject"})))
    )


@pytest.mark.parametrize("run_id", ["abc", "verify-20261127-181133-edeb72", "x" * 61, "a" * 39 + "-b"])
def test_a_bucket_is_told_by_its_name(run_id: str) -> None:
    """A bucket's name bears the run's, is legal, and is taken for nobody else's, nor theirs for ours."""
    name = bucket_name(run_id)

    assert 3 <= len(name) <= 63
    assert is_of(name, run_id)
    assert not is_of(name, "other-run")
    assert not is_of(f"{run_id}-conformance-production", run_id)
