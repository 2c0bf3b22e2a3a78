"""Who may reach the bucket: the public access block, the policy, ownership and the ACL."""

from __future__ import annotations

from dataclasses import replace

from registry_conformance.judge.account.fact import Absent, Known
from registry_conformance.judge.account.reference import tls_only
from registry_conformance.judge.account.state import FLAGS
from registry_conformance.judge.account.statement import Condition, Statement
from registry_conformance.judge.target.account import Declared
from registry_conformance.lab.faults.accounts.fault import AccountFault, Change, in_bucket

_STRANGER = "999999999999"
_ORGANISATION: Condition = ("StringEquals", "aws:PrincipalOrgID", ("o-a1b2c3d4e5",))
_NO_HEADER: Condition = ("StringNotEquals", "s3:x-amz-server-side-encryption", ("AES256",))


def _flag_off(flag: str, lets: str) -> AccountFault:
    return AccountFault(
        name="public-access-" + "".join(f"-{each.lower()}" if each.isupper() else each for each in flag)[1:] + "-off",
        layer="infrastructure",
        seen=f"nothing, until somebody {lets}",
        cause=f"{flag} of the bucket's public access block is off",
        remedy="switch all four flags of the public access block on",
        requirements=("INF-008",),
        change=in_bucket(public_access=Known(frozenset(FLAGS) - {flag})),
        incidents=("S20",),
    )


def _with_statement(**fields: object) -> Change:
    """Return the change that adds a statement on all objects to the bucket policy."""

    def policy(declared: Declared) -> Known[tuple[Statement, ...]]:
        added = replace(Statement(resources=(f"{declared.bucket_arn}/*",)), **fields)  # type: ignore[arg-type]  # a row's
        return Known((tls_only(declared), added))

    return in_bucket(policy=policy)


def _only_tls(**fields: object) -> Change:
    """Return the change that weakens the statement that denies requests without TLS."""
    return in_bucket(
        policy=lambda declared: Known((replace(tls_only(declared), **fields),))  # type: ignore[arg-type]  # a row's
    )


def _spares_others(declared: Declared) -> Known[tuple[Statement, ...]]:
    spared = tuple(f"AWS:arn:{declared.partition}:iam::{declared.owner}:{name}" for name in ("role/admin", "root"))
    resources = (declared.bucket_arn, f"{declared.bucket_arn}/*")
    denial = Statement("Deny", ("s3:*",), resources=resources, not_principals=spared)
    return Known((tls_only(declared), denial))


def _denies_the_role(declared: Declared) -> Known[tuple[Statement, ...]]:
    denial = Statement("Deny", ("s3:DeleteObject",), (), (f"{declared.bucket_arn}/*",), (), (f"AWS:{declared.role}",))
    return Known((tls_only(declared), denial))


def _tls_on_objects_only(declared: Declared) -> Known[tuple[Statement, ...]]:
    return Known((replace(tls_only(declared), resources=(f"{declared.bucket_arn}/*",)),))


FAULTS = (
    AccountFault(
        name="public-access-not-blocked",
        layer="infrastructure",
        seen="nothing, until one careless policy or ACL opens the models to the world",
        cause="the bucket has no public access block",
        remedy="block public access with all four flags",
        requirements=("INF-008",),
        change=in_bucket(public_access=Absent()),
        incidents=("S20",),
    ),
    _flag_off("BlockPublicAcls", "puts an object with a public ACL"),
    _flag_off("IgnorePublicAcls", "had put one with a public ACL before"),
    _flag_off("BlockPublicPolicy", "gives the bucket a public policy"),
    _flag_off("RestrictPublicBuckets", "from another account uses a policy that was public before"),
    AccountFault(
        name="policy-missing",
        layer="infrastructure",
        seen="nothing: requests over plain HTTP are served, keys and models in clear",
        cause="the bucket has no policy",
        remedy="give the bucket a policy that denies requests without TLS",
        requirements=("INF-009",),
        change=in_bucket(policy=Absent()),
        incidents=("S20",),
    ),
    AccountFault(
        name="tls-asked-for-objects-only",
        layer="infrastructure",
        seen="nothing: names of artifacts can be listed over plain HTTP",
        cause="the statement that denies requests without TLS leaves the bucket itself out",
        remedy="name both the bucket and its objects as resources of the statement",
        requirements=("INF-009",),
        change=in_bucket(policy=_tls_on_objects_only),
    ),
    AccountFault(
        name="tls-asked-for-reads-only",
        layer="infrastructure",
        seen="nothing: uploads over plain HTTP are served",
        cause="the statement that denies requests without TLS is about s3:GetObject alone",
        remedy="deny s3:* without TLS",
        requirements=("INF-009",),
        change=_only_tls(actions=("s3:GetObject",)),
    ),
    AccountFault(
        name="tls-condition-inverted",
        layer="store",
        seen="every artifact request over TLS is AccessDenied",
        cause="the policy denies requests whose aws:SecureTransport is true",
        remedy="deny requests whose aws:SecureTransport is false",
        requirements=("INF-009", "INF-011"),
        change=_only_tls(conditions=(("Bool", "aws:SecureTransport", ("true",)),)),
        incidents=("S5",),
    ),
    AccountFault(
        name="policy-open-to-the-world",
        layer="infrastructure",
        seen="nothing: anybody downloads the models without a key",
        cause="a statement of the bucket policy allows s3:GetObject to everyone",
        remedy="remove the statement; readers go through the proxy",
        requirements=("INF-010",),
        change=_with_statement(actions=("s3:GetObject",), principals=("*",)),
        incidents=("S20",),
    ),
    AccountFault(
        name="policy-lets-another-account-in",
        layer="infrastructure",
        seen="nothing: another account reads and writes the models",
        cause="a statement of the bucket policy allows another account",
        remedy="remove the statement; readers go through the proxy",
        requirements=("INF-010",),
        change=_with_statement(
            actions=("s3:GetObject", "s3:PutObject"), principals=(f"AWS:arn:aws:iam::{_STRANGER}:root",)
        ),
    ),
    AccountFault(
        name="policy-lets-a-namesake-in",
        layer="infrastructure",
        seen="nothing: a role of another account, named after this one, reads the models",
        cause="a statement of the bucket policy allows a role of another account",
        remedy="remove the statement; readers go through the proxy",
        requirements=("INF-010",),
        change=_with_statement(
            actions=("s3:GetObject",), principals=(f"AWS:arn:aws:iam::{_STRANGER}:role/of-123456789012",)
        ),
    ),
    AccountFault(
        name="policy-lets-the-organisation-in",
        layer="infrastructure",
        seen="nothing: every account of the organisation reads the models",
        cause="a statement of the bucket policy allows everyone under a condition on the organisation",
        remedy="remove the statement; readers go through the proxy",
        requirements=("INF-010",),
        change=_with_statement(actions=("s3:GetObject",), principals=("*",), conditions=(_ORGANISATION,)),
    ),
    AccountFault(
        name="policy-lets-a-content-network-in",
        layer="infrastructure",
        seen="nothing: models are served to the world by CloudFront, without a key",
        cause="a statement of the bucket policy allows an origin access identity of CloudFront",
        remedy="remove the statement; readers go through the proxy",
        requirements=("INF-010",),
        change=_with_statement(
            actions=("s3:GetObject",),
            principals=("AWS:arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E2QWRUHEXAMPLE",),
        ),
    ),
    AccountFault(
        name="policy-spares-others",
        layer="store",
        seen="every artifact request is AccessDenied, though the role's policy is right",
        cause="the bucket policy denies everything to all but some, and the server's role is not among them",
        remedy="remove the denial",
        requirements=("INF-011",),
        change=in_bucket(policy=_spares_others),
        incidents=("S5",),
    ),
    AccountFault(
        name="policy-asks-for-an-encryption-header",
        layer="store",
        seen="downloads work, every upload is 500: AccessDenied, though the role may put objects",
        cause="the bucket policy denies uploads without an encryption header, which MLflow does not send",
        remedy="remove the statement: default encryption does what it is for",
        requirements=("INF-011",),
        change=_with_statement(effect="Deny", actions=("s3:PutObject",), principals=("*",), conditions=(_NO_HEADER,)),
        incidents=("S5",),
    ),
    AccountFault(
        name="policy-denies-the-role",
        layer="store",
        seen="deleting an artifact is 200, and it is still there",
        cause="the bucket policy denies the server's role an action that it needs",
        remedy="remove the denial",
        requirements=("INF-011",),
        change=in_bucket(policy=_denies_the_role),
        incidents=("S8",),
    ),
    AccountFault(
        name="bucket-open-to-a-tag",
        layer="infrastructure",
        seen="nothing: any account gives a role of its own that tag, and reads the models",
        cause="the bucket policy allows everyone whose principal has a tag, which each account gives as it likes",
        remedy="name the account beside the tag, as aws:PrincipalAccount, or the principals themselves",
        requirements=("INF-010",),
        change=_with_statement(
            actions=("s3:GetObject",),
            principals=("*",),
            conditions=(("StringEquals", "aws:PrincipalTag/team", ("models",)),),
        ),
    ),
    AccountFault(
        name="bucket-open-to-accounts-alike",
        layer="infrastructure",
        seen="nothing: roles of other accounts whose number begins alike read the models",
        cause="the bucket policy allows principals by a pattern that leaves the account's number open",
        remedy="write the account's number out",
        requirements=("INF-010",),
        change=_with_statement(
            actions=("s3:GetObject",),
            principals=("*",),
            conditions=(("ArnLike", "aws:PrincipalArn", ("arn:aws:iam::12345*:role/reader",)),),
        ),
    ),
    AccountFault(
        name="bucket-delegated-to-every-access-point",
        layer="infrastructure",
        seen="nothing: another account makes an access point for the bucket, and reads the models through it",
        cause="the bucket policy leaves it to access points who comes in, and does not say whose",
        remedy="name the account as s3:DataAccessPointAccount",
        requirements=("INF-010",),
        change=_with_statement(
            actions=("s3:GetObject",),
            principals=("*",),
            conditions=(("StringLike", "s3:DataAccessPointArn", ("arn:aws:s3:*:*:accesspoint/*",)),),
        ),
    ),
    AccountFault(
        name="bucket-lent-to-a-service",
        layer="infrastructure",
        seen="nothing: whoever has a distribution of CloudFront in any account serves the models by it",
        cause="the bucket policy allows a service of AWS, whoever has it act",
        remedy="name the resource or the account that the service acts for, as aws:SourceArn or aws:SourceAccount",
        requirements=("INF-026",),
        change=_with_statement(actions=("s3:GetObject",), principals=("Service:cloudfront.amazonaws.com",)),
    ),
    AccountFault(
        name="bucket-lent-to-a-service-for-any-account",
        layer="infrastructure",
        seen="nothing: a distribution of CloudFront in another account serves the models",
        cause="the bucket policy allows a service for resources by a pattern that leaves their account open",
        remedy="name the resource or the account that the service acts for, as aws:SourceArn or aws:SourceAccount",
        requirements=("INF-026",),
        change=_with_statement(
            actions=("s3:GetObject",),
            principals=("Service:cloudfront.amazonaws.com",),
            conditions=(("ArnLike", "aws:SourceArn", ("arn:aws:cloudfront::*:distribution/E1",)),),
        ),
    ),
    AccountFault(
        name="customer-keys-taken",
        layer="infrastructure",
        seen="models that only whoever uploaded them can read, or a ransom for what was encrypted anew",
        cause="the bucket takes uploads that are encrypted with a key of the client's (SSE-C)",
        remedy="deny s3:PutObject where the request has a key of its own, or block SSE-C in the default encryption",
        requirements=("INF-019",),
        change=in_bucket(policy=lambda declared: Known((tls_only(declared),))),
        needs_refusal=True,
    ),
    AccountFault(
        name="acls-in-use",
        layer="infrastructure",
        seen="nothing: what an uploader puts into an object's ACL counts",
        cause="object ownership is not BucketOwnerEnforced",
        remedy="set object ownership to BucketOwnerEnforced, which switches ACLs off",
        requirements=("INF-012",),
        change=in_bucket(ownership=Known("ObjectWriter")),
    ),
    AccountFault(
        name="acl-open-to-the-world",
        layer="infrastructure",
        seen="nothing: anybody lists the names of all artifacts",
        cause="the bucket's ACL gives READ to everyone",
        remedy="set object ownership to BucketOwnerEnforced, which switches ACLs off",
        requirements=("INF-012", "INF-013"),
        change=in_bucket(ownership=Known("ObjectWriter"), grants=Known(("READ to AllUsers",))),
        incidents=("S20",),
    ),
)
