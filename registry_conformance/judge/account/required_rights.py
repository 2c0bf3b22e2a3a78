"""The server's requests to its bucket, and so the permissions that its role needs."""

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


_NEVER_SENT = (
    CUSTOMER_KEY,
    *("s3:x-amz-acl", "s3:x-amz-storage-class", "s3:x-amz-copy-source", "s3:x-amz-website-redirect-location"),
    *("s3:x-amz-server-side-encryption", "s3:x-amz-server-side-encryption-aws-kms-key-id"),
    *("s3:x-amz-grant-read", "s3:x-amz-grant-write", "s3:x-amz-grant-read-acp", "s3:x-amz-grant-write-acp"),
    *("s3:x-amz-grant-full-control", "s3:versionid", "s3:requestobjecttagkeys"),
    *("s3:object-lock-mode", "s3:object-lock-retain-until-date", "s3:object-lock-legal-hold"),
    *("s3:object-lock-remaining-retention-days", "s3:if-match", "s3:if-none-match"),
)
"""Context keys of what a request may ask for and the server's requests do not."""
_MILLISECONDS = "1000"
"""How old a signature of the server's is: it sends what it has signed at once."""


def request(declared: Declared, action: str) -> Request:
    """Return the server's request for ``action``: over TLS, without encryption headers."""
    of_bucket = action in ON_BUCKET
    resource = declared.bucket_arn if of_bucket else _object(declared)
    owner, region = declared.owner, declared.region
    facts = {
        "aws:securetransport": ("true",),
        "aws:principalisawsservice": ("false",),
        "aws:viaawsservice": ("true",) if action in ON_KEY else ("false",),
        "aws:multifactorauthpresent": ("false",),
        "aws:multifactorauthage": (),
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
        **dict.fromkeys(("aws:calledvia", "aws:calledviafirst", "aws:calledvialast"), ()),
        **dict.fromkeys(("aws:principalservicename", "aws:principalservicenameslist"), ()),
        "s3:dataaccesspointaccount": (),
        "s3:dataaccesspointarn": (),
        "s3:accesspointnetworkorigin": (),
        **dict.fromkeys(_NEVER_SENT, ()),
        "s3:signatureversion": ("AWS4-HMAC-SHA256",),
        "s3:signatureage": (_MILLISECONDS,),
        **_context_of_the_key(declared, action),
        **now_and_later(),
        **perimeter(declared),
    }
    return Request(
        action,
        declared.kms_key if action in ON_KEY else resource,
        declared.role,
        {key: values for key, values in facts.items() if values is not None},
    )


def _context_of_the_key(declared: Declared, action: str) -> Facts:
    """Return what S3 tells KMS that a key is used for: the bucket where there is a bucket key, the object where not."""
    if action not in ON_KEY:
        return {}
    return {"kms:encryptioncontext:aws:s3:arn": OneOf((declared.bucket_arn, _object(declared)))}


def _object(declared: Declared) -> str:
    return declared.objects_arn.replace("*", "1/run/artifacts/model.pkl")


def perimeter(declared: Declared) -> Facts:
    """Return the declared properties of the server's requests: source, organisation, and tags.

    Requests through an endpoint have no source address.
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
