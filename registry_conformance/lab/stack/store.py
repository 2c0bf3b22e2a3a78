"""The store part: MinIO, or the moto server."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
from collections.abc import Hashable
from importlib.metadata import version
from typing import TYPE_CHECKING

from registry_conformance.judge.clients import aws
from registry_conformance.judge.target.target import Capability
from registry_conformance.lab.deployment import Deployment
from registry_conformance.lab.programs import minio_path
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

    async def start(self, deployment: Deployment) -> None:
        """Start the S3 service."""
        host, port = self.layout.addresses[self.name]
        if self.kind == "minio":
            secrets = {
                "MINIO_ROOT_USER": self.layout.bucket.access_key,
                "MINIO_ROOT_PASSWORD": self.layout.bucket.secret_key,
            }
            settings = {"MINIO_REGION": deployment.store.region, "MINIO_BROWSER": "off", "MINIO_UPDATE": "off"}
            await self.launch([str(self.runner.data), "--address", f"{host}:{port}", "--quiet"], secrets | settings)
        else:
            await self.launch(["-H", host, "-p", str(port)], {})

    async def is_ready(self, deployment: Deployment) -> bool:
        """Return whether a signed HEAD on the bucket works; create the bucket first."""
        await self.layout.http.get(self.layout.url(self.name))
        return await asyncio.to_thread(_bucket_is_there, connect(self.layout), deployment.store.bucket)

    async def apply(self, deployment: Deployment) -> None:
        """Create the bucket that the deployment names; existing objects are kept."""
        await self.until(lambda: self.is_ready(deployment), "ready")

    def lasts(self) -> Capability:
        """Return whether objects outlive the process."""
        return Capability(self.kind == "minio", "" if self.kind == "minio" else "moto keeps its objects in memory")

    def installed(self) -> str:
        """Return name and version of the S3 service."""
        if self.kind == "moto":
            return f"moto {version('moto')}"
        said = subprocess.run(
            [minio_path() or "minio", "--version"], capture_output=True, text=True, check=False
        ).stdout
        found = re.search(r"version (\S+)", said)
        return f"minio {found[1] if found else 'of unknown version'}"


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
