"""Artifacts and logs in an environment file: where they are, and how to access them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from registry_conformance.judge.live.environment.tables import Endpoint, Secret, Strict


class ClientTable(Strict):
    """The clients' own access to the store, if artifacts are direct."""

    region: str = Field(default="us-east-1", min_length=1, description="the bucket's region")
    endpoint: Endpoint | None = Field(default=None, description="the URL of the S3 service, if it is not AWS's own")
    access_key: Secret = Field(description="a table with one of variable, file and command")
    secret_key: Secret = Field(description="a table with one of variable, file and command")
    session_token: Secret | None = Field(default=None, description="a table with one of variable, file and command")


class ArtifactsTable(Strict):
    """How artifacts are transferred by declaration."""

    uploads: Literal["proxied", "presigned", "direct"] = Field(
        default="proxied", description='"proxied", "presigned" or "direct"'
    )
    downloads: Literal["proxied", "presigned", "direct"] | None = Field(
        default=None, description='"proxied", "presigned" or "direct"; what the server announces if it is left out'
    )
    client: ClientTable | None = Field(
        default=None, description="a table with access_key and secret_key, two secrets, of what is direct"
    )

    @model_validator(mode="after")
    def _all_or_nothing(self) -> ArtifactsTable:
        if len({self.uploads == "direct", self.downloads == "direct", self.client is not None}) != 1:
            raise ValueError("all of direct uploads, direct downloads and [artifacts.client], or none")
        return self


class BucketTable(Strict):
    """Access to the bucket; without it checks cannot see stored objects."""

    name: str = Field(min_length=3, description="the bucket's name")
    prefix: str = Field(default="", description="the prefix that artifacts lie under, without slashes at its ends")
    region: str = Field(default="us-east-1", min_length=1, description="the bucket's region")
    endpoint: Endpoint = Field(description="the URL of the S3 service, as https://s3.eu-west-1.amazonaws.com")
    access_key: Secret = Field(description="a table with one of variable, file and command")
    secret_key: Secret = Field(description="a table with one of variable, file and command")
    session_token: Secret | None = Field(default=None, description="a table with one of variable, file and command")


class LogTable(Strict):
    """A part's log: a file, or a CloudWatch log group with the bucket's credentials or separate ones."""

    file: str | None = Field(default=None, min_length=1, description="the path of the log")
    group: str | None = Field(default=None, min_length=1, description="the name of a log group of CloudWatch Logs")
    region: str = Field(default="us-east-1", min_length=1, description="the region of the log group")
    endpoint: Endpoint | None = Field(default=None, description="the URL of the logs service, if it is not AWS's own")
    access_key: Secret | None = Field(default=None, description="a table with one of variable, file and command")
    secret_key: Secret | None = Field(default=None, description="a table with one of variable, file and command")
    session_token: Secret | None = Field(default=None, description="a table with one of variable, file and command")

    @model_validator(mode="after")
    def _one_place(self) -> LogTable:
        if (self.file is None) == (self.group is None):
            raise ValueError("exactly one of file and group")
        if (self.access_key is None) != (self.secret_key is None):
            raise ValueError("both of access_key and secret_key, or none")
        return self
