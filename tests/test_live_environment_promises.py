"""What an environment promises: who may do what at each of its doors, and how artifacts move."""

from __future__ import annotations

import sys

import pytest

from fixtures.policy import need_allowed, need_denied
from registry_conformance.judge.clients.mlflow_http import MlflowHttp
from registry_conformance.judge.clients.raw_bytes import Raw
from registry_conformance.judge.evidence.recorder import Evidence
from registry_conformance.judge.expect import NotAllowed
from registry_conformance.judge.live.environment.error import EnvironmentFileError
from registry_conformance.judge.live.environment.file import EnvironmentFile
from registry_conformance.judge.live.target import target_of
from registry_conformance.judge.target.policy import GUARDED, READS, RIGHTS
from registry_conformance.judge.target.target import Door, Target
from registry_conformance.run.session.collection import further

RUN = "verify-20300101-000000-abcdef"


def secret(text: str) -> dict[str, object]:
    """Return where a secret is taken from."""
    return {"command": [sys.executable, "-c", f"print({text!r})"]}


def _with_policies(access: str, keys: str, **doors: str) -> Target:
    """Return a target whose doors promise these policies, with keys of these roles."""
    own = {
        "by-admins": {"reader": ["artifact-read"], "admin": sorted(RIGHTS)},
        "public": {"anonymous": sorted(READS), "writer": sorted(RIGHTS)},
    }
    document = {
        "description": "x",
        "access": access,
        "doors": {name: {"url": f"https://x.example/{name}", "policy": policy} for name, policy in doors.items()},
        "policies": own,
        "keys": {role: secret(f"key-of-{role}") for role in keys.split()},
    }
    return target_of("mine", EnvironmentFile.model_validate(document), None)


def test_door_is_spoken_to_by_who_may_there() -> None:
    """Door is spoken to by who may do everything there, or else by the least that may read."""
    target = _with_policies("sandboxed", "writer reader admin", canonical="guarded", literal="by-admins")
    first, second = target.doors

    assert (target.role_at(first), target.key_at(second)) == ("writer", target.keys["admin"])
    assert (first.policy, second.policy.of("writer")) == (GUARDED, frozenset())
    read_only = _with_policies("read-only", "admin reader", canonical="guarded", documented="public", literal="open")
    assert [read_only.role_at(door) for door in read_only.doors] == ["reader", "anonymous", "reader"]
    keyless = _with_policies("read-only", "", documented="public", literal="open")
    assert [keyless.key_at(door) for door in keyless.doors] == [None, None]


def test_read_only_environment_without_a_key_that_reads_is_refused() -> None:
    """Read-only environment without a key that may read is told whose would do."""
    with pytest.raises(EnvironmentFileError, match=r"keys is missing; give at least one of \[keys\.admin\], or call"):
        _with_policies("read-only", "reader writer", canonical="by-admins")


def _direct(**more: object) -> Target:
    """Return a target with artifacts that clients move by themselves."""
    login = {"access_key": secret("AKIA-client"), "secret_key": secret("a-client-secret"), "region": "eu-west-1"}
    document = {
        "description": "x",
        "access": "sandboxed",
        "doors": {"canonical": {"url": "https://x.example"}},
        "origin": {"url": "https://origin.example"},
        "keys": {"writer": secret("key-of-writer")},
        "artifacts": {"uploads": "direct", "downloads": "direct", "client": login},
        **more,
    }
    return target_of("mine", EnvironmentFile.model_validate(document), None)


def test_client_of_direct_artifacts_has_credentials_that_are_secret() -> None:
    """Client of direct artifacts has credentials of its own, told by variables and kept out of everything written."""
    bucket = {"endpoint": "https://s3.example", "access_key": secret("AKIA-suite"), "name": "artifacts"}
    target = _direct(bucket={**bucket, "secret_key": secret("a-suite-secret")})

    assert target.machine.login is not None
    assert target.machine.login.variables == {
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_ACCESS_KEY_ID": "AKIA-client",
        "AWS_SECRET_ACCESS_KEY": "a-client-secret",
    }
    assert target.secrets >= {"a-client-secret", "a-suite-secret"}
    assert "a-client-secret" not in repr(target)
    assert target.origin is not None
    assert [door.direct for door in (*target.doors, target.origin)] == [True, True]


def test_direct_artifacts_that_nobody_could_remove_are_refused() -> None:
    """Direct artifacts are refused in a sandboxed environment whose bucket nobody may clean up."""
    with pytest.raises(
        EnvironmentFileError, match=r"bucket is missing; what clients put there directly is removed from there"
    ):
        _direct()


def test_no_artifact_route_is_asked_where_artifacts_are_direct() -> None:
    """No artifact route is asked if artifacts are direct, whoever asks; all else is."""
    door = Door("canonical", "http://127.0.0.1:9", direct=True)
    wire = MlflowHttp(door, None, Evidence(), RUN)

    with pytest.raises(NotAllowed, match="artifacts are declared direct: they pass no door"):
        wire.put_artifact("s3://artifacts/1/r", "a.bin", b"x")
    with pytest.raises(NotAllowed, match="they pass no door"):
        wire.send("GET", "/ajax-api/2.0/mlflow-artifacts/artifacts")
    with pytest.raises(NotAllowed, match="they pass no door"):
        Raw(door, None, Evidence(), RUN).send("GET", "/api/2.0/mlflow-artifacts/presigned/x")
    assert wire.search_experiments().error.startswith("refused")


def test_further_policies_are_asked_about_once_each() -> None:
    """What one door answers for all about keys is asked again at one door of each further policy."""
    doors = _with_policies(
        "sandboxed", "writer admin", canonical="guarded", documented="by-admins", literal="by-admins"
    ).doors

    assert further(doors) == ["documented"]
    assert further(doors[1:]) == []


def test_check_about_other_rights_is_left_with_the_reason() -> None:
    """A check about rights that the policy gives to others, or to nobody, is left, and says which policy is why."""
    ours, theirs = _with_policies("sandboxed", "writer admin", canonical="guarded", literal="by-admins").doors
    need_allowed(ours, "reader", "read", "artifact-read")
    need_denied(ours, "reader", "write")

    with pytest.raises(pytest.skip.Exception, match="'by-admins' of the literal door does not let readers read"):
        need_allowed(theirs, "reader", "read", "artifact-read")
    with pytest.raises(pytest.skip.Exception, match="'by-admins' of the literal door lets admins write artifacts"):
        need_denied(theirs, "admin", "artifact-write")
