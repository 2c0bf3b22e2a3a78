"""The store part: MinIO, the Versity S3 Gateway over a folder, or the moto server."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Hashable, Mapping, Sequence
from importlib.metadata import version
from typing import TYPE_CHECKING

from registry_conformance.judge.clients import aws
from registry_conformance.judge.target.target import Capability
from registry_conformance.lab.deployment import Deployment
from registry_conformance.lab.external.store import store_lacks
from registry_conformance.lab.programs import minio_path, module_version, versitygw_path
from registry_conformance.lab.stack.layout import Layout
from registry_conformance.lab.stack.part import ProgramPart

if TYPE_CHECKING:
    from types_boto3_s3.client import S3Client


class StorePart(ProgramPart):
    """An S3 service, with the deployment's bucket in it."""

    name = "store"

    def __init__(self, layout: Layout, kind: str) -> None:
        self.kind = self.program = kind
        super().__init__(layout)

    def spec(self, deployment: Deployment) -> Hashable:
        """Return the store's own value."""
        return deployment.store

    def lacks(self, deployment: Deployment) -> str:
        """Return why a deployment is not possible: not every S3 service hands out credentials of a role."""
        return store_lacks(self.kind, deployment)

    async def start(self, deployment: Deployment) -> None:
        """Start the S3 service."""
        arguments, variables = self._command(deployment.store.region)
        await self.launch(arguments, variables)

    def _command(self, region: str) -> tuple[Sequence[str], Mapping[str, str]]:
        """Return the program's arguments and variables; create the folders that it expects to exist."""
        host, port = self.layout.addresses[self.name]
        if self.kind == "moto":
            return ["-H", host, "-p", str(port)], {}
        data, access = self.runner.data, self.layout.bucket
        if self.kind == "minio":
            secrets = {"MINIO_ROOT_USER": access.access_key, "MINIO_ROOT_PASSWORD": access.secret_key}
            settings = {"MINIO_REGION": region, "MINIO_BROWSER": "off", "MINIO_UPDATE": "off"}
            return [str(data), "--address", f"{host}:{port}", "--quiet"], secrets | settings
        versions = data.with_name("versions")
        for folder in (data, versions):
            folder.mkdir(exist_ok=True)
        secrets = {"ROOT_ACCESS_KEY_ID": access.access_key, "ROOT_SECRET_ACCESS_KEY": access.secret_key}
        settings = {"VGW_PORT": f"{host}:{port}", "VGW_REGION": region, "VGW_VERSIONING_DIR": str(versions)}
        return [str(data)], secrets | settings | {"VGW_QUIET": "true"}

    async def is_ready(self, deployment: Deployment) -> bool:
        """Return whether a signed HEAD on the bucket works; create the bucket first."""
        await self.layout.http.get(self.layout.url(self.name))
        return await asyncio.to_thread(_bucket_is_there, connect(self.layout), deployment.store.bucket)

    async def apply(self, deployment: Deployment) -> None:
        """Create the bucket that the deployment names; existing objects are kept."""
        await self.until(lambda: self.is_ready(deployment), "ready")

    def lasts(self) -> Capability:
        """Return whether objects outlive the process."""
        return Capability(self.kind != "moto", "moto keeps its objects in memory" if self.kind == "moto" else "")

    def installed(self) -> str:
        """Return name and version of the S3 service."""
        if self.kind == "moto":
            return f"moto {version('moto')}"
        program = minio_path() if self.kind == "minio" else versitygw_path()
        return f"{self.kind} {module_version(program) or 'of unknown version'}"


def connect(layout: Layout, access_key: str | None = None, secret_key: str | None = None) -> S3Client:
    """Return an S3 client for the store, by default with the run's credentials."""
    place = layout.bucket
    access_key, secret_key = access_key or place.access_key, secret_key or place.secret_key
    return client_at(place.endpoint, place.region, access_key, secret_key, place.session_token)


def client_at(url: str, region: str, access_key: str, secret_key: str, session_token: str) -> S3Client:
    """Return an S3 client for a URL; the token may be empty."""
    access = {"access_key": access_key, "secret_key": secret_key, "session_token": session_token}
    made: S3Client = aws.client("s3", access | {"endpoint": url, "region": region}, read=20)
    return made


def assume(layout: Layout, denied: frozenset[str]) -> dict[str, str]:
    """Return the variables of a role that may do everything in the store except these S3 actions; valid for an hour."""
    statements = [("Allow", ["s3:*"]), ("Deny", sorted(denied))]
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": effect, "Action": actions, "Resource": ["arn:aws:s3:::*"]} for effect, actions in statements
        ],
    }
    sts = aws.client("sts", aws.access_of(layout.bucket), attempts=8)  # the store may still be starting
    role = "arn:aws:iam::000000000000:role/mlflow"
    issued = sts.assume_role(RoleArn=role, RoleSessionName="mlflow", Policy=json.dumps(policy))["Credentials"]
    return {
        "AWS_ACCESS_KEY_ID": issued["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": issued["SecretAccessKey"],
        "AWS_SESSION_TOKEN": issued["SessionToken"],
    }


def _bucket_is_there(s3: S3Client, bucket: str) -> bool:
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - as in connect()

    try:
        s3.head_bucket(Bucket=bucket)
    except ClientError as refusal:
        if refusal.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
            s3.create_bucket(Bucket=bucket)
            s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
        return False
    except BotoCoreError:
        return False
    return True
