"""Ways round the bucket's own policy: services that act for others, access points, roles that lead on, functions."""

from __future__ import annotations

from dataclasses import replace

import pytest

from registry_conformance.judge.account.evaluate import judge
from registry_conformance.judge.account.fact import Fact, Known, Unreadable
from registry_conformance.judge.account.finding import Finding
from registry_conformance.judge.account.named_roles import meant_roles, named_roles
from registry_conformance.judge.account.reference import promised, tls_only
from registry_conformance.judge.account.state import AccessPoint, Called, Encryption
from registry_conformance.judge.account.statement import Condition, Statement
from registry_conformance.judge.verdict import Verdict
from registry_conformance.lab.faults.accounts.fault import in_bucket
from tests.account.moto_account import ACCOUNT, DECLARED, STRANGER

OBJECTS = f"arn:aws:s3:::{DECLARED.bucket}/*"
PASSED, INCONCLUSIVE, FAILED = Verdict.PASSED, Verdict.INCONCLUSIVE, Verdict.FAILED
ROLE = f"arn:aws:iam::{ACCOUNT}:role/readers"
GITHUB = f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com"
HEADER = "s3:x-amz-server-side-encryption-customer-algorithm"


def allows(principal: str, *conditions: Condition) -> Statement:
    """Return a statement that lets somebody read."""
    return Statement(actions=("s3:GetObject",), resources=(OBJECTS,), principals=(principal,), conditions=conditions)


def lent(*statements: Statement) -> Finding:
    """Return what it comes to which services come in."""
    return judge("INF-026", in_bucket(policy=Known(statements))(promised(DECLARED), DECLARED), DECLARED)


@pytest.mark.parametrize(
    ("condition", "verdict"),
    [
        (("StringEquals", "aws:SourceAccount", (ACCOUNT,)), PASSED),
        (("StringEquals", "aws:SourceAccount", (STRANGER,)), FAILED),
        (("StringEquals", "aws:SourceAccount", (ACCOUNT, STRANGER)), FAILED),
        (("StringLike", "aws:SourceAccount", ("12345678901?",)), FAILED),
        (("StringEqualsIfExists", "aws:SourceAccount", (ACCOUNT,)), PASSED),
        (("ArnLike", "aws:SourceArn", (f"arn:aws:cloudfront::{ACCOUNT}:distribution/*",)), PASSED),
        (("ArnLike", "aws:SourceArn", ("arn:aws:cloudfront::*:distribution/E1",)), FAILED),
        (("ArnLike", "AWS:SourceArn", (f"arn:aws:*:*:{ACCOUNT}:*",)), PASSED),
        (("StringEquals", "aws:SourceOrgID", ("o-1",)), INCONCLUSIVE),
        (("StringEquals", "s3:x-amz-acl", ("bucket-owner-full-control",)), FAILED),
    ],
)
def test_service_comes_for_the_account_alone(condition: Condition, verdict: Verdict) -> None:
    """A service acts for whoever has it act: only a condition on whose resource it is keeps others out."""
    assert lent(allows("Service:cloudfront.amazonaws.com", condition)).verdict is verdict


def test_service_by_a_condition_on_everyone() -> None:
    """Everyone who is a service of AWS is a service for others too; a denial of others' counts."""
    everyone = allows("*", ("StringEquals", "aws:PrincipalServiceName", ("cloudfront.amazonaws.com",)))
    others = (("StringNotEquals", "aws:SourceAccount", (ACCOUNT,)),)
    denial = Statement("Deny", ("s3:*",), resources=(OBJECTS,), principals=("*",), conditions=others)

    assert lent(everyone).verdict is FAILED
    assert lent(allows("*", ("Bool", "aws:PrincipalIsAWSService", ("true",)))).verdict is FAILED
    assert lent(everyone, denial).verdict is PASSED


def test_service_comes_through_no_network() -> None:
    """A denial of whoever comes not through an endpoint refuses services too, unless it spares them."""
    endpoint: Condition = ("StringNotEquals", "aws:SourceVpce", ("vpce-1",))
    but_services: Condition = ("Bool", "aws:PrincipalIsAWSService", ("false",))
    denial = Statement("Deny", ("s3:*",), resources=(OBJECTS,), principals=("*",), conditions=(endpoint,))
    service = allows("Service:cloudfront.amazonaws.com")

    assert lent(service, denial).verdict is PASSED
    assert lent(service, replace(denial, conditions=(but_services, endpoint))).verdict is FAILED


def by_access_point(policy: Fact[tuple[Statement, ...]]) -> Finding:
    """Return what an access point with a policy comes to."""
    points = Known((AccessPoint("models", policy),))
    return judge("INF-025", in_bucket(access_points=points)(promised(DECLARED), DECLARED), DECLARED)


@pytest.mark.parametrize(
    ("statement", "verdict"),
    [
        (allows(f"AWS:{ROLE}"), PASSED),
        (allows(f"AWS:arn:aws:iam::{ACCOUNT}:root"), PASSED),
        (allows(f"AWS:{STRANGER}"), FAILED),
        (allows("*"), FAILED),
        (allows("*", ("StringEquals", "aws:PrincipalAccount", (ACCOUNT,))), PASSED),
        (allows("*", ("StringEquals", "s3:DataAccessPointAccount", (ACCOUNT,))), FAILED),
        (allows("*", ("StringEquals", "aws:SourceVpc", ("vpc-1",))), INCONCLUSIVE),
    ],
)
def test_access_point_lets_nobody_in(statement: Statement, verdict: Verdict) -> None:
    """The policy of an access point is judged as the bucket's is, for requests through the account's own one."""
    found = by_access_point(Known((statement,)))

    assert found.verdict is verdict
    assert verdict is not FAILED or "by the access point models" in found.actual


def test_access_point_that_may_not_be_read_is_inconclusive() -> None:
    """What its policy says is not guessed."""
    assert by_access_point(Unreadable("GetAccessPointPolicy: AccessDenied")).verdict is INCONCLUSIVE


def led_on(trust: Fact[tuple[Statement, ...]]) -> Finding:
    """Return what it comes to that the bucket policy lets a role of the account in, which some may take on."""
    state = in_bucket(policy=Known((tls_only(DECLARED), allows(f"AWS:{ROLE}"))))(promised(DECLARED), DECLARED)
    return judge("INF-055", replace(state, named_roles={ROLE: trust}), DECLARED)


def takes(principal: str, *conditions: Condition, action: str = "sts:AssumeRole") -> Known[tuple[Statement, ...]]:
    """Return a trust policy of one statement."""
    return Known((Statement(actions=(action,), principals=(principal,), conditions=conditions),))


@pytest.mark.parametrize(
    ("trust", "verdict"),
    [
        (takes("Service:ec2.amazonaws.com"), PASSED),
        (takes(f"AWS:arn:aws:iam::{ACCOUNT}:root"), PASSED),
        (takes(f"AWS:arn:aws:iam::{STRANGER}:root"), FAILED),
        (takes(f"AWS:arn:aws:iam::{STRANGER}:root", ("StringEquals", "sts:ExternalId", ("x",))), FAILED),
        (takes("*"), FAILED),
        (takes("*", ("StringEquals", "aws:PrincipalOrgID", ("o-1",))), FAILED),
        (takes(f"AWS:arn:aws:iam::{STRANGER}:root", action="sts:TagSession"), PASSED),
        (takes(f"Federated:{GITHUB}", action="sts:AssumeRoleWithWebIdentity"), FAILED),
        (Unreadable("GetRole: AccessDenied"), INCONCLUSIVE),
    ],
)
def test_role_that_leads_strangers_in(trust: Fact[tuple[Statement, ...]], verdict: Verdict) -> None:
    """A role of the account that the bucket policy lets in is as open as its trust policy."""
    assert led_on(trust).verdict is verdict


def test_roles_of_a_policy_that_may_not_be_read_are_inconclusive() -> None:
    """Which roles a policy names is not known where it is not: that is no pass."""
    hidden = in_bucket(policy=Unreadable("GetBucketPolicy: AccessDenied"))(promised(DECLARED), DECLARED)

    assert judge("INF-055", hidden, DECLARED).verdict is INCONCLUSIVE


@pytest.mark.parametrize(
    ("statements", "verdict"),
    [
        ((Statement(actions=("s3:GetObject",), resources=(OBJECTS,)),), PASSED),
        ((Statement(actions=("s3:DeleteObject",), resources=(f"{OBJECTS[:-1]}thumbnails/*",)),), PASSED),
        ((Statement(actions=("s3:DeleteObject",), resources=(f"{OBJECTS[:-1]}artifacts/1/*",)),), FAILED),
        ((Statement(actions=("s3:D*",), resources=("*",)),), FAILED),
        ((Statement(not_actions=("iam:*",), resources=("*",)),), FAILED),
        (
            (
                Statement(actions=("s3:*",), resources=("*",)),
                Statement("Deny", ("s3:DeleteObject*",), resources=(OBJECTS,)),
                Statement("Deny", ("s3:*",), not_resources=(OBJECTS,)),
            ),
            PASSED,
        ),
    ],
)
def test_function_that_may_delete(statements: tuple[Statement, ...], verdict: Verdict) -> None:
    """What the bucket calls may look at models, and delete none."""
    calls = Known((Called(f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:tidy", Known(statements)),))

    assert judge("INF-027", in_bucket(calls=calls)(promised(DECLARED), DECLARED), DECLARED).verdict is verdict


@pytest.mark.parametrize(
    ("conditions", "actions", "verdict"),
    [
        ((("Null", HEADER, ("false",)),), ("s3:PutObject",), PASSED),
        ((("StringEquals", HEADER, ("AES256",)),), ("s3:Put*",), PASSED),
        ((("Null", HEADER, ("true",)),), ("s3:PutObject",), FAILED),
        ((("Null", HEADER, ("false",)),), ("s3:GetObject",), FAILED),
        ((("Null", HEADER, ("false",)), ("StringEquals", "aws:SourceVpc", ("vpc-1",))), ("s3:PutObject",), FAILED),
    ],
)
def test_customers_keys(conditions: tuple[Condition, ...], actions: tuple[str, ...], verdict: Verdict) -> None:
    """Uploads with a key of the client's are refused by a denial for all of them, whoever sends them."""
    declared = replace(DECLARED, refuse_customer_keys=True)
    denial = Statement("Deny", actions, resources=(OBJECTS,), principals=("*",), conditions=conditions)
    state = in_bucket(policy=Known((tls_only(declared), denial)))(promised(declared), declared)

    assert judge("INF-019", state, declared).verdict is verdict


def test_customers_keys_are_blocked_by_the_encryption_too() -> None:
    """The default encryption may block them by itself."""
    declared = replace(DECLARED, refuse_customer_keys=True)
    blocked = in_bucket(policy=Known((tls_only(declared),)), encryption=Known(Encryption("AES256", blocked=("SSE-C",))))

    assert judge("INF-019", blocked(promised(declared), declared), declared).verdict is PASSED
    assert judge("INF-019", promised(DECLARED), DECLARED).verdict is Verdict.INAPPLICABLE


@pytest.mark.parametrize(
    "condition",
    [("IpAddress", "aws:SourceIp", ("203.0.113.0/24",)), ("StringEquals", "aws:SourceVpce", ("vpce-1",))],
)
def test_role_that_anybody_takes_on_under_what_is_not_known(condition: Condition) -> None:
    """Whether strangers come from a network that nobody declared is not known: neither passed nor failed."""
    declared = replace(DECLARED, networks=(), vpc="", vpc_endpoints=())
    state = in_bucket(policy=Known((tls_only(declared), allows(f"AWS:{ROLE}"))))(promised(declared), declared)
    found = judge("INF-055", replace(state, named_roles={ROLE: takes("*", condition)}), declared)

    assert found.verdict is INCONCLUSIVE
    assert f"{ROLE} is let in" in found.actual
    assert condition[1] in found.actual


REGIONAL: Condition = ("ArnLike", "s3:DataAccessPointArn", (f"arn:aws:s3:eu-west-1:{ACCOUNT}:accesspoint/*",))


@pytest.mark.parametrize(
    ("region", "verdict"),
    [(Known("eu-west-1"), FAILED), (Known("us-east-1"), PASSED), (Unreadable("AccessDenied"), INCONCLUSIVE)],
)
def test_access_point_lies_in_the_buckets_region(region: Fact[str], verdict: Verdict) -> None:
    """Where no region is declared the bucket's own says what the access point's ARN is; else that is not known."""
    declared = replace(DECLARED, region="")
    points = Known((AccessPoint("models", Known((allows("*", REGIONAL),))),))
    state = in_bucket(access_points=points, region=region)(promised(declared), declared)

    assert judge("INF-025", state, declared).verdict is verdict


FAR: Condition = ("StringEquals", "s3:DataAccessPointArn", (f"arn:aws:s3::{ACCOUNT}:accesspoint/m1.mrap",))


@pytest.mark.parametrize(
    ("alias", "verdict"), [(None, PASSED), ("m1.mrap", FAILED), ("m2.mrap", PASSED), ("", INCONCLUSIVE)]
)
def test_access_point_of_several_regions_has_its_own_arn(alias: str | None, verdict: Verdict) -> None:
    """Its ARN has no region and ends in its alias, which a plan does not know."""
    points = Known((AccessPoint("models", Known((allows("*", FAR),)), alias),))
    found = judge("INF-025", in_bucket(access_points=points)(promised(DECLARED), DECLARED), DECLARED)

    assert found.verdict is verdict


def test_access_points_network_is_not_known() -> None:
    """Whether an access point is for a network alone is not part of its policy."""
    origin: Condition = ("StringEquals", "s3:AccessPointNetworkOrigin", ("VPC",))

    assert by_access_point(Known((allows("*", origin),))).verdict is INCONCLUSIVE


def test_access_point_that_is_open_is_told_beside_one_that_is_hidden() -> None:
    """What is sure is no less so for what may not be read."""
    points = Known((AccessPoint("a", Unreadable("AccessDenied")), AccessPoint("b", Known((allows("*"),)))))

    found = judge("INF-025", in_bucket(access_points=points)(promised(DECLARED), DECLARED), DECLARED)
    assert found.verdict is FAILED


@pytest.mark.parametrize("denied", [STRANGER, f"arn:aws:iam::{STRANGER}:root"])
def test_account_that_is_denied_does_not_come_in(denied: str) -> None:
    """A denial that names an account is about everyone in it, and about nobody of another."""
    denial = Statement("Deny", ("s3:*",), resources=(OBJECTS,), principals=(f"AWS:{denied}",))
    for principal, verdict in ((STRANGER, PASSED), ("888888888888", FAILED)):
        policy = Known((tls_only(DECLARED), allows(f"AWS:arn:aws:iam::{principal}:root"), denial))
        found = judge("INF-010", in_bucket(policy=policy)(promised(DECLARED), DECLARED), DECLARED)
        assert found.verdict is verdict, found


def test_source_without_an_account_is_told_so() -> None:
    """The ARN of a bucket names no account: what to add is said."""
    service = "Service:logging.s3.amazonaws.com"
    bucket: Condition = ("ArnLike", "aws:SourceArn", ("arn:aws:s3:::own",))
    own: Condition = ("StringEquals", "aws:SourceAccount", (ACCOUNT,))

    assert "add aws:SourceAccount" in lent(allows(service, bucket)).actual
    assert "add aws:SourceAccount" not in lent(allows(service)).actual
    assert lent(allows(service, bucket, own)).verdict is PASSED


@pytest.mark.parametrize(
    ("statement", "named", "meant"),
    [
        (allows("*", ("ArnEquals", "aws:PrincipalArn", (ROLE,))), [ROLE], []),
        (allows("*", ("ForAnyValue:StringLikeIfExists", "AWS:PrincipalArn", (ROLE,))), [ROLE], []),
        (allows(f"AWS:arn:aws:sts::{ACCOUNT}:assumed-role/readers/me"), [ROLE], []),
        (allows("*", ("ArnLike", "aws:PrincipalArn", (f"arn:aws:sts::{ACCOUNT}:assumed-role/readers/*",))), [ROLE], []),
        (allows("*", ("ArnLike", "aws:PrincipalArn", (f"{ROLE}-*",))), [], [f"{ROLE}-*"]),
        (allows("*", ("StringEquals", "aws:PrincipalArn", (f"{ROLE}-*",))), [], []),
        (allows("*", ("ArnLike", "aws:PrincipalArn", (f"arn:aws:iam::{ACCOUNT}:role/*",))), [], []),
        (allows("*", ("ArnNotEquals", "aws:PrincipalArn", (ROLE,))), [], []),
        (allows("*", ("ArnEquals", "aws:PrincipalArn", (DECLARED.role,))), [], []),
        (allows("*", ("ArnEquals", "aws:PrincipalArn", (ROLE.replace(ACCOUNT, STRANGER),))), [], []),
        (replace(allows("*", ("ArnEquals", "aws:PrincipalArn", (ROLE,))), effect="Deny"), [], []),
    ],
)
def test_roles_that_policies_name(statement: Statement, named: list[str], meant: list[str]) -> None:
    """Roles are let in as principals, by conditions, and by their sessions; whom a pattern means is not known."""
    state = in_bucket(policy=Known((tls_only(DECLARED), statement)))(promised(DECLARED), DECLARED)
    patterns = meant_roles(state, DECLARED)

    assert (named_roles(state, DECLARED), list(patterns)) == (named, meant)
    for each in meant:
        found = judge("INF-055", replace(state, named_roles=patterns), DECLARED)
        assert found.verdict is INCONCLUSIVE
        assert each in found.actual
