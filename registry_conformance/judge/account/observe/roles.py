"""All roles of the account, with who may take each on and what its policies let it do."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from registry_conformance.judge.account.fact import Absent, Fact, Known, Unreadable
from registry_conformance.judge.account.observe.queries import ask
from registry_conformance.judge.account.observe.role import managed
from registry_conformance.judge.account.state import RoleState
from registry_conformance.judge.account.statement import Statement, read_policy

_MOST_PAGES = 40
_OF_SERVICES = "/aws-service-role/"
"""Where roles lie that services of AWS made for themselves, and that nobody else takes on."""
_Statements = Fact[tuple[Statement, ...]]


def observe_roles(iam: Any, server: str) -> Fact[tuple[RoleState, ...]]:
    """Return the roles of the account that the credentials are of, without the one with the ARN ``server``."""
    listed: Fact[dict[str, list[Any]]] = ask(lambda: _pages(iam), lambda said: said)
    if not isinstance(listed, Known):
        return listed
    own = {each["Arn"]: _default(each) for each in listed.value["Policies"]}
    asked: dict[str, _Statements] = {}

    def read(arn: str) -> _Statements:
        """Return the statements of a managed policy: the account's own were listed, AWS's are asked for once."""
        if arn not in own and arn not in asked:
            asked[arn] = managed(iam, arn)
        return own[arn] if arn in own else asked[arn]

    others = [
        each for each in listed.value["Roles"] if each["Arn"] != server and not each["Path"].startswith(_OF_SERVICES)
    ]
    return Known(tuple(_role(each, read) for each in others))


def _pages(iam: Any) -> dict[str, list[Any]]:
    """Return all pages of the account's roles and policies as one."""
    from botocore.exceptions import PaginationError  # noqa: PLC0415 - only who looks at an account has it

    found: dict[str, list[Any]] = {"Roles": [], "Policies": []}
    place: dict[str, str] = {}
    for _ in range(_MOST_PAGES):
        said = iam.get_account_authorization_details(Filter=["Role", "LocalManagedPolicy"], **place)
        found["Roles"] += said.get("RoleDetailList", ())
        found["Policies"] += said.get("Policies", ())
        if not said.get("IsTruncated"):
            return found
        place = {"Marker": said["Marker"]}
    raise PaginationError(message=f"more than {_MOST_PAGES} pages of roles")


def _default(policy: Mapping[str, Any]) -> _Statements:
    """Return the statements of the version of a policy that is in force."""
    for version in policy.get("PolicyVersionList", ()):
        if version["IsDefaultVersion"]:
            return _read(version["Document"], policy["Arn"])
    return Unreadable(f"no version of {policy['Arn']} is told to be in force")


def _role(said: Mapping[str, Any], read: Callable[[str], _Statements]) -> RoleState:
    name = said["RoleName"]
    bound = said.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn")
    return RoleState(
        arn=said["Arn"],
        trust=_read(said["AssumeRolePolicyDocument"], f"the trust policy of {name}"),
        statements=_together(_policies(said, read)),
        boundary=read(bound) if bound else Absent(),
    )


def _policies(said: Mapping[str, Any], read: Callable[[str], _Statements]) -> Iterator[_Statements]:
    for each in said.get("RolePolicyList", ()):
        yield _read(each["PolicyDocument"], each["PolicyName"])
    for each in said.get("AttachedManagedPolicies", ()):
        yield read(each["PolicyArn"])


def _together(policies: Iterator[_Statements]) -> _Statements:
    """Return the statements of all policies, or why one of them cannot be read."""
    whole: list[Statement] = []
    for policy in policies:
        if not isinstance(policy, Known):
            return policy
        whole += policy.value
    return Known(tuple(whole))


def _read(document: Any, name: str) -> _Statements:
    return ask(dict, lambda _: read_policy(document, name))
