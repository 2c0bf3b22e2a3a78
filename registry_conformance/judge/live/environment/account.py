"""The account in an environment file: required properties of bucket, role, networks and logs."""

from __future__ import annotations

import ipaddress
from typing import Literal

from pydantic import Field, model_validator

from registry_conformance.judge.live.environment.tables import Count, Endpoint, Secret, Strict


class AccessLogTable(Strict):
    """Where requests to the bucket are logged."""

    bucket: str = Field(min_length=3, description="the name of the bucket that holds the log")
    prefix: str = Field(default="", description="the prefix of the log's objects")


class IdentityTable(Strict):
    """An identity of an identity provider."""

    provider: str = Field(
        pattern=r"^arn:aws[a-z-]*:iam::\d{12}:oidc-provider/\S+$|^[\w.-]+$",
        description="the ARN of an identity provider in IAM, or the name of one that AWS knows",
    )
    subject: str = Field(
        min_length=1, description="the subject of its tokens, as system:serviceaccount:NAMESPACE:NAME, or a pattern"
    )
    audience: str = Field(default="", description="the audience of its tokens, as sts.amazonaws.com")


class InfrastructureTable(Strict):
    """Required properties of bucket, role and logs; inspected with the bucket's credentials or separate ones."""

    account: str | None = Field(
        default=None, pattern=r"^\d{12}$", description="the number of an AWS account, 12 digits"
    )
    region: str | None = Field(default=None, min_length=1, description="a region, as eu-west-1")
    bucket: str | None = Field(default=None, min_length=3, description="the bucket's name, where no [bucket] says it")
    prefix: str | None = Field(default=None, description="the prefix of artifacts, where no [bucket] says it")
    role: str | None = Field(
        default=None,
        pattern=r"^arn:aws[a-z-]*:iam::\d{12}:role/\S+$",
        description="the ARN of the role that MLflow runs with, as arn:aws:iam::123456789012:role/NAME",
    )
    trusted: list[str] = Field(
        default_factory=list,
        description="services, and principals by their ARN, that may take on the role, a list of texts",
    )
    identities: list[IdentityTable] = Field(
        default_factory=list,
        description="tables with provider, subject and audience: whose tokens the role may be taken on with",
    )
    vpc_endpoints: list[str] = Field(
        default_factory=list, description="VPC endpoints that the server reaches S3 through, as vpce-0a1b2c3d"
    )
    vpc: str | None = Field(default=None, pattern=r"^vpc-\w+$", description="the VPC that the server runs in")
    networks: list[str] = Field(
        default_factory=list, description="networks that the server's requests come from, as 203.0.113.0/24"
    )
    replicas: list[str] = Field(
        default_factory=list,
        description="buckets by their names, and vaults by their ARNs, that artifacts may be copied to",
    )
    refuse_customer_keys: bool = Field(
        default=False, description="true if uploads with a key of the client's (SSE-C) are to be refused"
    )
    principal_tags: dict[str, str] = Field(
        default_factory=dict, description="a table of the tags that the server's role or its sessions have"
    )
    administrators: list[str] = Field(
        default_factory=list,
        description="numbers of accounts and ARNs of principals that administer the account from outside",
    )
    organization: str | None = Field(
        default=None, pattern=r"^o-\w+$", description="the organisation of AWS that the account belongs to"
    )
    encryption: Literal["AES256", "aws:kms", "none"] = Field(
        default="AES256", description='"AES256", "aws:kms" or "none"'
    )
    kms_key: str | None = Field(
        default=None, pattern=r"^arn:aws[a-z-]*:kms:\S+$", description="the ARN of a KMS key, with encryption aws:kms"
    )
    noncurrent_days: Count = Field(default=90, gt=0, description="days, a whole number above 0")
    abort_days: Count = Field(
        default=7, ge=0, description="days, a whole number; 0 where the store aborts uploads by itself, as MinIO does"
    )
    access_log: AccessLogTable | None = Field(default=None, description="a table with bucket and prefix")
    log_groups: dict[str, Count] = Field(
        default_factory=dict, description="a table of log groups, each with the days that it keeps lines at least"
    )
    endpoint: Endpoint | None = Field(default=None, description="the URL of IAM, STS and logs, if it is not AWS's own")
    access_key: Secret | None = Field(default=None, description="a table with one of variable, file and command")
    secret_key: Secret | None = Field(default=None, description="a table with one of variable, file and command")
    session_token: Secret | None = Field(default=None, description="a table with one of variable, file and command")

    @model_validator(mode="after")
    def _go_together(self) -> InfrastructureTable:
        if (self.access_key is None) != (self.secret_key is None):
            raise ValueError("both of access_key and secret_key, or none")
        for each in self.networks:
            ipaddress.ip_network(each)  # its own message names the network that is none
        if (self.kms_key is not None) != (self.encryption == "aws:kms"):
            raise ValueError('both of encryption = "aws:kms" and kms_key, or none')
        return self
