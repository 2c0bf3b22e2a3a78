"""What the server does in its bucket, and so what its role must be let do, and no more."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from registry_conformance.judge.account.conditions import Facts, OneOf
from registry_conformance.judge.account.in_force import now_and_later
from registry_conformance.judge.account.permission import Request
from registry_conformance.judge.target.account import Declared

ON_OBJECTS = (
    "s3:GetObject",
    "s3:PutObject",
    "s3:DeleteObject",
    "s3:AbortMultipartUpload",
    "s3:ListMultipartUploadParts",
)
ON_BUCKET = ("s3:ListBucket", "s3:GetBucketLocation", "s3:ListBucketMultipartUploads")
ON_KEY = ("kms:GenerateDataKey", "kms:Decrypt")
NEEDS: Mapping[str, str] = MappingProxyType(
    {f"INF-{number:03}": action for number, action in enumerate((*ON_OBJECTS, *ON_BUCKET), start=41)}
)
"""Requirement -> the action that it says the role may do."""


CUSTOMER_KEY = "s3:x-amz-server-side-encryption-customer-algorithm"
"""The context key that an upload with a key of the client's has."""


def request(declared: Declared, action: str) -> Request:
    """Return the request that the server makes when it does ``action``: over TLS, without headers on encryption."""
    of_bucket = action in ON_BUCKET
    resource = declared.bucket_arn if of_bucket else declared.objects_arn.replace("*", "1/run/artifacts/model.pkl")
    owner, region = declared.owner, declared.region
    facts = {
        "aws:securetransport": ("true",),
        "aws:principalisawsservice": ("false",),
        "aws:viaawsservice": ("true",) if action in ON_KEY else ("false",),
        "aws:multifactorauthpresent": ("false",),
        "aws:principaltype": ("AssumedRole",),
        "aws:username": (),
        "aws:principalarn": (declared.role,) if declared.role else None,
        "aws:principalaccount": (owner,) if owner else None,
        "aws:resourceaccount": (owner,) if owner else None,
        "s3:resourceaccount": (owner,) if owner else None,
        "aws:requestedregion": (region,) if region else None,
        "kms:calleraccount": (owner,) if owner else None,
        "kms:viaservice": (f"s3.{region}.{declared.domain}",) if region else None,
        "s3:prefix": (f"{declared.prefix}/1/run/artifacts/".lstrip("/"),) if action == "s3:ListBucket" else (),
        "aws:sourceaccount": (),
        "aws:sourcearn": (),
        "aws:calledvia": (),
        "aws:principalservicename": (),
        "s3:dataaccesspointaccount": (),
        "s3:dataaccesspointarn": (),
        "s3:accesspointnetworkorigin": (),
        "s3:x-amz-acl": (),
        "s3:x-amz-storage-class": (),
        "s3:x-amz-server-side-encryption": (),
        "s3:x-amz-server-side-encryption-aws-kms-key-id": (),
        CUSTOMER_KEY: (),
        "s3:x-amz-copy-source": (),
        "s3:x-amz-website-redirect-location": (),
        **now_and_later(),
        **perimeter(declared),
    }
    return Request(
        action,
        declared.kms_key if action in ON_KEY else resource,
        declared.role,
        {key: values for key, values in facts.items() if values is not None},
    )


def perimeter(declared: Declared) -> Facts:
    """Return what is declared of the server's requests: from where, for whom, and with which tags.

    Through an endpoint they show no address.
    """
    found: dict[str, tuple[str, ...]] = {}
    if declared.vpc_endpoints:
        found |= {"aws:sourcevpce": OneOf(declared.vpc_endpoints), "aws:sourceip": ()}
    if declared.networks:
        found["aws:vpcsourceip" if declared.vpc_endpoints else "aws:sourceip"] = OneOf(declared.networks)
    if declared.vpc:
        found["aws:sourcevpc"] = (declared.vpc,)
    found |= {f"aws:principaltag/{name}".lower(): (tag,) for name, tag in declared.principal_tags.items()}
    if declared.organization:
        found |= dict.fromkeys(("aws:principalorgid", "aws:resourceorgid"), (declared.organization,))
    return found
