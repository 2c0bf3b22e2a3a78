"""The Versity S3 Gateway over a folder, as the store of a stack."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace

import boto3
import pytest

from registry_conformance.judge.locations import cache_folder
from registry_conformance.judge.machine import new_run_id
from registry_conformance.lab.deployment import REFERENCE, MLflow
from registry_conformance.lab.external.store import store_lacks
from registry_conformance.lab.programs import versitygw_path
from registry_conformance.lab.stack.handle import OwnedStack
from registry_conformance.lab.stack.request import StackRequest
from registry_conformance.run.option_values import SettingsError, store_named

DENIED = replace(REFERENCE, mlflow=MLflow(denied=frozenset({"s3:GetObject"})))


def test_no_role_is_had_of_it() -> None:
    """Deployments whose role lacks a right are refused, with the reason; others are possible."""
    assert "credentials of a role" in store_lacks("versitygw", DENIED)
    assert not store_lacks("versitygw", REFERENCE)
    assert not store_lacks("minio", DENIED)


def test_it_is_a_process_of_this_machine() -> None:
    """There is no image of it: the other kind of stack refuses it."""
    with pytest.raises(SettingsError, match="--store=versitygw: is a process of this machine"):
        store_named("versitygw", "docker")


@pytest.mark.skipif(versitygw_path() is None, reason="there is no versitygw on PATH")
def test_it_keeps_versions_and_enforces_keys() -> None:
    """A stack starts with it; what it enforces is found out, and an object is read back from it."""
    with closing(OwnedStack(StackRequest(new_run_id(), REFERENCE, "versitygw", cache=cache_folder()))) as stack:
        target = stack.target()
        access = target.bucket
        assert access is not None
        session = boto3.Session(access.access_key, access.secret_key, region_name=access.region)
        s3 = session.client("s3", endpoint_url=access.endpoint)
        s3.put_object(Bucket=access.bucket, Key="a/b.bin", Body=b"bytes")
        read = s3.get_object(Bucket=access.bucket, Key="a/b.bin")["Body"].read()

    assert read == b"bytes"
    assert target.versions["store"].startswith("versitygw v")
    assert target.capability("store-enforces-keys").present
    assert target.capability("store-versions").present
    assert target.capability("store-lasts").present
