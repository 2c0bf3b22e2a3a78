"""The scenarios of a rehearsal: environments that differ from their files, with the expected results."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

from registry_conformance.judge.target.target import Target
from registry_conformance.proof.rehearsal.external_environment import EnvironmentChanges
from registry_conformance.proof.rehearsal.promises import PROMISES
from registry_conformance.proof.rehearsal.scenario import FLOW, LOAD, NO_KEY, REACH, REAL, WAYS, Scenario, expected
from registry_conformance.run.session.exit_codes import Exit


def _closed_port(target: Target, *names: str) -> EnvironmentChanges:
    """Return doors, all or some, at a port of this machine where nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    closed = [door for door in target.doors if not names or door.name in names]
    return EnvironmentChanges(doors={door.name: f"http://127.0.0.1:{port}{urlsplit(door.url).path}" for door in closed})


def _dead_name(target: Target) -> EnvironmentChanges:
    return EnvironmentChanges(doors={door.name: "http://no-such-host.invalid/api/mlflow" for door in target.doors})


def _known(days: int) -> EnvironmentChanges:
    """Return an environment whose file expects the documented door to fail, for this many days."""
    return EnvironmentChanges(expected_failures=expected("the mount comes in spring", days, *_CLOSED_DOOR))


def _under_load(objects: int = 50_000) -> EnvironmentChanges:
    """Return an environment whose file allows a load of so many objects."""
    caps = {"requests": 1_000_000, "megabytes": 5_000, "objects": objects, "rate": 1_000, "seconds": 10_800}
    return EnvironmentChanges(tables={"load": caps})


_CLOSED_DOOR = ("RCH-004", "RCH-005")
SCENARIOS = (
    Scenario("as its file says", Exit.OK, "A model can be registered"),
    Scenario(
        "no access to the bucket",
        Exit.COULD_NOT_VERIFY,
        "SignatureDoesNotMatch",
        lambda _: EnvironmentChanges(bucket_key="not-the-key-of-this-bucket"),
        cause="bucket-key-refused",
        leaves=True,
    ),
    Scenario(
        "no access to the bucket for MLflow",
        Exit.FAILED,
        "No model can be registered",
        faults=("put-object-denied",),
        cause="put-object-denied",
    ),
    Scenario(
        "no bucket",
        Exit.OK,
        "stored bytes were not verified",
        lambda _: EnvironmentChanges(without=("bucket",)),
        blind=True,
    ),
    Scenario("no key", Exit.USAGE, "keys.writer is missing", lambda _: EnvironmentChanges(without=("keys.writer",))),
    Scenario(
        "a reader's key",
        Exit.FAILED,
        "403",
        lambda _: EnvironmentChanges(keys={"writer": "reader"}),
        cause="given-key-may-only-read",
    ),
    Scenario(
        "an expired key",
        Exit.FAILED,
        "401",
        lambda _: EnvironmentChanges(keys={"writer": "expired"}),
        cause="given-key-has-expired",
    ),
    Scenario("a dead DNS name", Exit.COULD_NOT_VERIFY, "no-such-host.invalid", _dead_name, cause="door-name-unknown"),
    Scenario("a closed port", Exit.COULD_NOT_VERIFY, "nobody answers", _closed_port, cause="door-port-closed"),
    Scenario(
        "the port of one door closed",
        Exit.FAILED,
        "The documented door is broken",
        lambda target: _closed_port(target, "documented"),
        checks=(REACH, FLOW),
        cause="door-port-closed",
    ),
    Scenario(
        "a self-signed certificate",
        Exit.FAILED,
        "by an unknown authority",
        lambda _: EnvironmentChanges(secure=True),
        cause="certificate-untrusted",
    ),
    Scenario(
        "one door broken",
        Exit.FAILED,
        "documented",
        faults=("documented-door-closed",),
        checks=(REACH, FLOW),
        cause="documented-door-closed",
    ),
    Scenario(
        "artifact mode direct",
        Exit.FAILED,
        "NoCredentials",
        faults=("direct-artifact-root",),
        cause="direct-artifact-root",
    ),
    Scenario(
        "MLflow without authentication",
        Exit.FAILED,
        "nobody is asked for a key at",
        faults=("no-authentication",),
        checks=(REACH, NO_KEY),
        cause="open-though-key-promised",
    ),
    Scenario(
        "another MLflow's files in the folders of its experiments",
        Exit.OK,
        "not written by this run, and stays",
        checks=(FLOW, WAYS, REAL),
        shared=True,
    ),
    Scenario(
        "read-only",
        Exit.OK,
        "0 requests that change anything were sent",
        lambda _: EnvironmentChanges(access="read-only"),
        checks=(REACH, REAL),
    ),
    Scenario(
        "asked to be read-only, though its file allows more",
        Exit.OK,
        "registration not tried",
        checks=(REACH, REAL),
        options=("--read-only",),
    ),
    Scenario(
        "read-only, and nothing but the registration asked for",
        Exit.NOTHING_VERIFIED,
        "Nobody tried to register a model",
        lambda _: EnvironmentChanges(access="read-only"),
    ),
    Scenario(
        "read-only, with a door broken",
        Exit.FAILED,
        "0 requests that change anything were sent",
        lambda _: EnvironmentChanges(access="read-only"),
        faults=("documented-door-closed",),
        checks=("suites/live",),
    ),
    Scenario(
        "a budget that is too small",
        Exit.COULD_NOT_VERIFY,
        "the budget of 40 requests is spent",
        lambda _: EnvironmentChanges(tables={"budget": {"requests": 40}}),
    ),
    Scenario(
        "a clean-up that cannot purge",
        Exit.LEFT_BEHIND,
        "Left behind: deleted experiments",
        lambda _: EnvironmentChanges(tables={"cleanup": {"purge": ["false"]}}),
        leaves=True,
    ),
    Scenario(
        "a failure that is expected",
        Exit.OK,
        "2 requirements failed as expected: RCH-004, RCH-005",
        lambda _: _known(days=1),
        faults=("documented-door-closed",),
        checks=(REACH,),
    ),
    Scenario(
        "a failure that was expected until yesterday",
        Exit.FAILED,
        "which is over",
        lambda _: _known(days=-1),
        faults=("documented-door-closed",),
        checks=(REACH,),
    ),
    Scenario(
        "a mock switched on",
        Exit.USAGE,
        "USE_MOCK_REGISTRY is set",
        lambda _: EnvironmentChanges(variables={"USE_MOCK_REGISTRY": "true"}),
    ),
    Scenario(
        "a load",
        Exit.OK,
        "acknowledged writes looked up",
        lambda _: _under_load(),
        checks=(LOAD,),
        options=("--load=users=4 registrations=40 sizes=4KiB=1",),
    ),
    Scenario(
        "a load that its caps end",
        Exit.OK,
        "ended early: the cap on objects is reached",
        lambda _: _under_load(objects=60),
        checks=(LOAD,),
        options=("--load=users=2 seconds=600 sizes=4KiB=1",),
    ),
    Scenario(
        "a load without leave",
        Exit.USAGE,
        "no load is put on a target without leave",
        checks=(LOAD,),
        options=("--load=users=2 registrations=5",),
    ),
    Scenario(
        "a load of 10,000 objects",
        Exit.OK,
        "acknowledged writes looked up",
        lambda _: _under_load(),
        checks=(LOAD,),
        options=("--load=users=8 registrations=5000 sizes=4KiB=1",),
        long=True,
    ),
    Scenario("its log in CloudWatch", Exit.OK, "A model can be registered", cloud=True),
    *PROMISES,
)
