"""Accounts on moto: the promised one is green, each broken one is red exactly where its story says, and mended."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

import pytest
from botocore.exceptions import ClientError

from registry_conformance.judge.account.evaluate import RULES, judge_all
from registry_conformance.judge.account.fact import Known
from registry_conformance.judge.account.finding import Finding
from registry_conformance.judge.account.observe.observe import observe
from registry_conformance.judge.account.reference import promised
from registry_conformance.judge.account.remedy import filled
from registry_conformance.judge.account.state import State
from registry_conformance.judge.locations import SUITES
from registry_conformance.judge.requirement import Register
from registry_conformance.judge.target.account import Declared
from registry_conformance.judge.verdict import Verdict
from registry_conformance.lab.faults.accounts.catalogue import ACCOUNT_CATALOGUE, TOPICS
from registry_conformance.lab.faults.accounts.fault import LAYERS, AccountFault
from registry_conformance.lab.faults.catalogue import CATALOGUE
from tests.account.command_line import run
from tests.account.moto_account import (
    ACCOUNT,
    DECLARED,
    STRANGER,
    Account,
    declared_for,
    moto_account,
    with_identity,
    with_kms,
)
from tests.account.outlet_kinds import named_alike
from tests.account.realise import realise

REGISTER = Register.load(SUITES / "requirements")
NOT_ON_MOTO = {"some-replaced-versions-stay": "moto 5.2.5 forgets how many noncurrent versions a rule keeps"}
PLANNED_ALONE = {"models-deleted-with-their-bucket": "only a plan says what it deletes"}
ROUNDS = 3


@pytest.fixture(scope="module")
def moto() -> Iterator[Account]:
    """One server for all accounts of this file."""
    with moto_account() as account:
        yield account


@pytest.fixture
def account(moto: Account) -> Account:
    """An account with nothing in it."""
    moto.reset()
    return moto


def without_names(state: State) -> State:
    """Return an account without the names of what takes artifacts out of it: AWS gives some of them itself."""
    if not isinstance(state.bucket, Known) or not isinstance(state.bucket.value.outlets, Known):
        return state
    alike = tuple(sorted(named_alike(state.bucket.value.outlets.value), key=str))
    return replace(state, bucket=Known(replace(state.bucket.value, outlets=Known(alike))))


def failed(findings: Mapping[str, Finding]) -> set[str]:
    """Return the requirements that failed."""
    return {name for name, finding in findings.items() if finding.verdict == Verdict.FAILED}


def mend(account: Account, requirement: str, declared: Declared) -> None:
    """Carry out the lines of a requirement's remedy, as the register has them, those for some cases too."""
    remedy = REGISTER[requirement].remedy
    assert remedy is not None
    lines = filled(remedy.cli, declared).splitlines()
    for number, line in enumerate(lines):
        perhaps = any(each.startswith("# and where") for each in lines[:number])
        caller = STRANGER if requirement == "INF-003" and "delete-bucket" in line else ""
        for meant in () if line.startswith("#") else _named(account, line, declared):
            try:
                run(account, meant, caller=caller)
            except ClientError as refusal:
                if not perhaps or refusal.response["Error"]["Code"] != "NoSuchEntity":
                    raise


def _named(account: Account, line: str, declared: Declared) -> list[str]:
    """Return a line, once for each policy, grant or configuration that a finding may name if it is about one."""
    for words, names in NAMED.items():
        if re.search(rf"\b{words[0]}\b", line):
            meant = [each if isinstance(each, tuple) else (each,) for each in names(account, declared)]
            return [_filled(line, dict(zip(words, each, strict=True))) for each in meant]
    return [line]


def _filled(line: str, words: Mapping[str, str]) -> str:
    return re.sub(rf"\b({'|'.join(words)})\b", lambda word: words[word[0]], line)


def _tierings(account: Account, declared: Declared) -> list[str]:
    found = account.client("s3").list_bucket_intelligent_tiering_configurations(Bucket=declared.bucket)
    return [each["Id"] for each in found.get("IntelligentTieringConfigurationList", ())]


def _inventories(account: Account, declared: Declared) -> list[str]:
    found = account.client("s3").list_bucket_inventory_configurations(Bucket=declared.bucket)
    return [each["Id"] for each in found.get("InventoryConfigurationList", ())]


def _tasks(account: Account, _: Declared) -> list[str]:
    return [each["TaskArn"] for each in account.client("datasync").list_tasks()["Tasks"]]


def _selections(account: Account, _: Declared) -> list[tuple[str, ...]]:
    backup = account.client("backup")
    plans = [each["BackupPlanId"] for each in backup.list_backup_plans()["BackupPlansList"]]
    return [
        (plan, each["SelectionId"])
        for plan in plans
        for each in backup.list_backup_selections(BackupPlanId=plan)["BackupSelectionsList"]
    ]


def _jobs(account: Account, _: Declared) -> list[str]:
    found = account.client("s3control").list_jobs(AccountId=ACCOUNT, JobStatuses=["Suspended"])
    return [each["JobId"] for each in found["Jobs"]]


def _access_grants(account: Account, _: Declared) -> list[str]:
    found = account.client("s3control").list_access_grants(AccountId=ACCOUNT)
    return [each["AccessGrantId"] for each in found["AccessGrantsList"]]


def _distributions(account: Account, _: Declared) -> list[tuple[str, ...]]:
    """Return each distribution with its state and its configuration, switched off."""
    cloudfront = account.client("cloudfront")
    found: list[tuple[str, ...]] = []
    for each in cloudfront.list_distributions()["DistributionList"].get("Items", ()):
        said = cloudfront.get_distribution_config(Id=each["Id"])
        off = json.dumps({**said["DistributionConfig"], "Enabled": False})
        found.append((each["Id"], said["ETag"], f"'{off}'"))
    return found


def _far_points(account: Account, _: Declared) -> list[str]:
    far = account.client("s3control", ACCOUNT, "us-west-2").list_multi_region_access_points(AccountId=ACCOUNT)
    return [each["Name"] for each in far["AccessPoints"]]


def _points(account: Account, declared: Declared) -> list[str]:
    points = account.client("s3control").list_access_points(AccountId=ACCOUNT, Bucket=declared.bucket)
    return [each["Name"] for each in points["AccessPointList"]]


def _grants(account: Account, declared: Declared) -> list[str]:
    return [each["GrantId"] for each in account.client("kms").list_grants(KeyId=declared.kms_key)["Grants"]]


def _own(declared: Declared) -> str:
    return declared.role.rpartition("/")[2]


def _other_roles(account: Account, declared: Declared) -> list[str]:
    roles = [each["RoleName"] for each in account.client("iam").list_roles()["Roles"]]
    return [each for each in roles if each != _own(declared)]


def _inline(account: Account, declared: Declared) -> list[str]:
    found = account.client("iam").list_role_policies(RoleName=_own(declared))["PolicyNames"]
    return [each for each in found if each != "artifacts"]


def _attached(account: Account, declared: Declared) -> list[str]:
    found = account.client("iam").list_attached_role_policies(RoleName=_own(declared))["AttachedPolicies"]
    return [each["PolicyArn"] for each in found]


NAMED: Mapping[tuple[str, ...], Callable[[Account, Declared], Sequence[str | tuple[str, ...]]]] = {
    ("TIERING_ID",): _tierings,
    ("INVENTORY_ID",): _inventories,
    ("TASK_ARN",): _tasks,
    ("BACKUP_PLAN_ID", "SELECTION_ID"): _selections,
    ("JOB_ID",): _jobs,
    ("ACCESS_GRANT_ID",): _access_grants,
    ("DISTRIBUTION_ID", "DISTRIBUTION_ETAG", "DISTRIBUTION_CONFIG"): _distributions,
    ("FAR_ACCESS_POINT",): _far_points,
    ("ACCESS_POINT",): _points,
    ("GRANT_ID",): _grants,
    ("OTHER_ROLE",): _other_roles,
    ("POLICY_NAME",): _inline,
    ("POLICY_ARN",): _attached,
}
"""Words in capitals that stand for what a finding names, with what they may be in an account."""


@pytest.mark.parametrize("declared", [DECLARED, with_kms(), with_identity()], ids=["AES256", "KMS", "identity"])
def test_promised_account_is_green(account: Account, declared: Declared) -> None:
    """What is made of the promised value reads back as that value, and keeps every promise."""
    realise(account, promised(declared), declared)
    seen = observe(account.access(declared))
    findings = judge_all(seen, declared)

    assert seen == promised(declared)
    red = {name: finding for name, finding in findings.items() if finding.verdict > Verdict.PASSED}
    assert not red
    applying = {name for name, finding in findings.items() if finding.verdict == Verdict.PASSED}
    of_kms = set() if declared.kms_key else {"INF-006", "INF-007", "INF-014", "INF-015", "INF-052"}
    assert set(RULES) - applying == of_kms | {"INF-019", "INF-028"} | (set() if declared.identities else {"INF-054"})


@pytest.mark.parametrize(
    "fault",
    [f for f in ACCOUNT_CATALOGUE.values() if f.name not in {**NOT_ON_MOTO, **PLANNED_ALONE}],
    ids=lambda f: f.name,
)
def test_broken_account_is_red_where_its_story_says_and_mended_by_the_lines(
    account: Account, fault: AccountFault
) -> None:
    """Exactly the requirements of the story fail; the lines of the register, carried out, make all green."""
    declared = declared_for(fault)
    broken = fault.change(promised(declared), declared)
    realise(account, broken, declared)
    seen = observe(account.access(declared))
    assert without_names(seen) == without_names(broken)
    red = failed(judge_all(seen, declared))
    assert red == set(fault.requirements)

    for _ in range(ROUNDS):
        for requirement in sorted(red):
            mend(account, requirement, declared)
        findings = judge_all(observe(account.access(declared)), declared)
        red = failed(findings)
        if not red:
            break
    assert not {name: finding for name, finding in findings.items() if finding.verdict > Verdict.PASSED}


@pytest.mark.parametrize("name", ACCOUNT_CATALOGUE)
def test_story_is_whole(name: str) -> None:
    """Each fault changes the promised account, again to the same, in a layer that exists, and tells its story."""
    fault = ACCOUNT_CATALOGUE[name]
    declared = declared_for(fault)
    broken = fault.change(promised(declared), declared)

    changed = broken != promised(declared) or broken.roles != promised(declared).roles
    assert changed or name in PLANNED_ALONE
    assert failed(judge_all(broken, declared)) == set(fault.requirements)
    assert fault.layer in LAYERS
    assert fault.seen and fault.cause and fault.remedy and fault.requirements
    assert set(fault.requirements) <= set(REGISTER)


def test_catalogue_is_whole() -> None:
    """No two faults share a name, and each requirement on an account fails on one of them."""
    assert sum(len(topic.FAULTS) for topic in TOPICS) == len(ACCOUNT_CATALOGUE) >= 25
    assert not set(ACCOUNT_CATALOGUE) & set(CATALOGUE)
    assert {name for fault in ACCOUNT_CATALOGUE.values() for name in fault.requirements} == set(RULES)


@pytest.mark.parametrize("requirement", RULES)
def test_remedy_has_lines_for_each_tool(requirement: str) -> None:
    """A requirement on an account says why, and has lines for Terraform and the command line."""
    remedy = REGISTER[requirement].remedy
    assert REGISTER[requirement].why.endswith(".")
    assert remedy is not None
    assert remedy.terraform and remedy.cli
    words = re.findall(
        r"\b[A-Z]{2,}(?:_[A-Z]+)+\b", filled(remedy.cli, with_kms()) + filled(remedy.terraform, with_kms())
    )
    assert set(words) <= {word for together in NAMED for word in together}, "a word that nothing fills"
