"""Runs over an account and over plans, as a user makes them: what they say, and how they end."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from moto.sts.exceptions import STSClientError
from moto.sts.responses import TokenResponse

from registry_conformance.judge.account.observe.observe import observe
from registry_conformance.judge.account.reference import promised
from registry_conformance.judge.account.remedy import filled
from registry_conformance.judge.expect import PreconditionFailed
from registry_conformance.judge.locations import SUITES
from registry_conformance.judge.machine import new_run_id
from registry_conformance.judge.requirement import Register
from registry_conformance.judge.target.account import Declared
from registry_conformance.judge.target.target import Target
from registry_conformance.lab.faults.accounts.catalogue import ACCOUNT_CATALOGUE
from registry_conformance.lab.stack.handle import OwnedStack
from registry_conformance.lab.stack.request import StackRequest
from registry_conformance.proof.rehearsal.external_environment import EnvironmentChanges, environment
from tests.account.command_line import run as run_line
from tests.account.moto_account import ACCOUNT, DECLARED, Account, moto_account
from tests.account.plan_writer import plan_of
from tests.account.runs import judge

pytestmark = pytest.mark.usefixtures("forked_throughout")

SET_UP = ("INF-004", "INF-005", "INF-008", "INF-012", "INF-020", "INF-031", "INF-032", "INF-040", "INF-041")
"""Requirements whose lines, in this order, make a bare bucket what is promised, its policy aside."""
NO_POLICY = """
[[expected_failures]]
requirement = "INF-009"
reason = "moto 5.2.5 denies every object by a statement whose condition does not hold"
expires = 2099-12-31
"""


@pytest.fixture(scope="module")
def target(cache: Path) -> Iterator[Target]:
    """A stack of our own whose store serves IAM, STS and logs too."""
    owned = OwnedStack(StackRequest(new_run_id(), cache=cache))
    try:
        yield owned.target()
    finally:
        owned.close()


@pytest.fixture(scope="module")
def declared(target: Target) -> Declared:
    """What is declared of that stack's account, and made so by the lines of the register."""
    assert target.bucket is not None
    found = Declared(
        target.bucket.bucket,
        target.bucket.prefix,
        target.bucket.region,
        ACCOUNT,
        f"arn:aws:iam::{ACCOUNT}:role/mlflow",
        ("ecs-tasks.amazonaws.com",),
        log_groups={"/ecs/mlflow": 30},
    )
    for requirement in SET_UP:
        follow(target, found, requirement)
    return found


def follow(target: Target, declared: Declared, requirement: str) -> None:
    """Carry out the lines that mend a breach, but for those that are for some cases only."""
    remedy = Register.load(SUITES / "requirements")[requirement].remedy
    assert remedy is not None
    assert target.bucket is not None
    always, _, _ = filled(remedy.cli, declared).partition("# and where")
    for line in always.splitlines():
        if not line.startswith("#"):
            run_line(Account(target.bucket.endpoint), line)


def file_of(target: Target, folder: Path, **declared: Any) -> Path:
    """Write the file of an environment that is this stack, with what is declared of its account."""
    file = environment(target, folder / "environment")
    file.write_text(file.read_text() + (f"\n[infrastructure]\n{_fields(declared)}{NO_POLICY}" if declared else ""))
    return file


def _fields(table: dict[str, Any]) -> str:
    return "".join(f"{name} = {json.dumps(value)}\n" for name, value in table.items())


def as_declared(target: Target, declared: Declared) -> dict[str, Any]:
    """Return the table that says what is declared."""
    assert target.bucket is not None
    return {
        "account": declared.account,
        "role": declared.role,
        "trusted": list(declared.trusted),
        "endpoint": target.bucket.endpoint,
    }


def test_account_and_deployment_are_green(target: Target, declared: Declared, tmp_path: Path) -> None:
    """On an account made by the lines of the register all is green: settings, verbs through the door, objects."""
    file = file_of(target, tmp_path, **as_declared(target, declared))
    done = judge(tmp_path, f"--env-file={file}")

    assert done.code == 0, done.said
    inapplicable = {
        "INF-006",
        "INF-007",
        "INF-009",
        "INF-014",
        "INF-015",
        "INF-019",
        "INF-028",
        "INF-030",
        "INF-031",
        "INF-032",
        "INF-052",
        "INF-054",
    }
    assert done.with_verdict("inapplicable") == inapplicable
    assert len(done.with_verdict("passed")) == 40, done.verdicts
    assert not done.with_verdict("failed") | done.with_verdict("inconclusive")


def test_broken_account_is_named_with_what_mends_it(target: Target, declared: Declared, tmp_path: Path) -> None:
    """A breach is told with the requirement, what is there, and the line that mends it; objects show it too."""
    assert target.bucket is not None
    account = Account(target.bucket.endpoint)
    suspend = "aws s3api put-bucket-versioning --bucket {} --versioning-configuration '{}'"
    run_line(account, suspend.format(declared.bucket, '{"Status": "Suspended"}'))
    run_line(account, f"aws s3api delete-bucket-encryption --bucket {declared.bucket}")
    try:
        done = judge(tmp_path, f"--env-file={file_of(target, tmp_path, **as_declared(target, declared))}")
    finally:
        follow(target, declared, "INF-004")
        follow(target, declared, "INF-005")

    assert done.code == 1, done.said
    assert done.with_verdict("failed") == {"INF-004", "INF-005", "INF-060", "INF-061"}
    assert "INF-004 MUST: The bucket keeps versions of its objects." in done.said
    assert "versioning Suspended" in done.said
    assert "docs/s3-requirements.md#inf-004" in done.said
    enable = suspend.format(declared.bucket, '{"Status": "Enabled"}').removeprefix("aws ")
    assert f"            aws --endpoint-url {target.bucket.endpoint} {enable}\n" in done.said


def test_denied_calls_are_inconclusive(target: Target, declared: Declared, tmp_path: Path) -> None:
    """Credentials that may read nothing end a run with 6: nothing passes or fails, and the calls are named."""
    assert target.bucket is not None
    account = Account(target.bucket.endpoint)
    account.client("iam").create_user(UserName="blind")
    key = account.client("iam").create_access_key(UserName="blind")["AccessKey"]
    keys = {"BLIND_KEY": key["AccessKeyId"], "BLIND_SECRET": key["SecretAccessKey"]}
    file = environment(target, tmp_path / "environment", EnvironmentChanges(without=("bucket",)))
    table = as_declared(target, declared) | {"bucket": declared.bucket, "prefix": declared.prefix}
    secrets = 'access_key = { variable = "BLIND_KEY" }\nsecret_key = { variable = "BLIND_SECRET" }\n'
    file.write_text(f"{file.read_text()}\n[infrastructure]\n{_fields(table)}{secrets}")
    account.enforce_iam(on=True)
    try:
        done = judge(tmp_path, f"--env-file={file}", "-k", "not server and not written", **keys)
    finally:
        account.enforce_iam(on=False)

    assert done.code == 6, done.said
    assert not done.with_verdict("passed") | done.with_verdict("failed")
    assert {"INF-001", "INF-004", "INF-020", "INF-041"} <= done.with_verdict("inconclusive")
    assert "may not be read: GetBucketLocation: AccessDenied" in done.said
    assert "Traceback" not in done.said


def test_wrong_account_is_told_and_could_not_be_judged(target: Target, declared: Declared, tmp_path: Path) -> None:
    """Credentials of another account than the declared one end a run with 6; no setting passes or fails."""
    table = as_declared(target, declared) | {"account": "210987654321"}
    done = judge(tmp_path, f"--env-file={file_of(target, tmp_path, **table)}", "-k", "not server and not written")

    assert done.code == 6, done.said
    assert "credentials of the declared account 210987654321" in done.said
    assert f"those of {ACCOUNT}" in done.said
    assert "Traceback" not in done.said
    assert not done.with_verdict("passed") | done.with_verdict("failed")


def test_environment_without_the_table_is_inapplicable(target: Target, tmp_path: Path) -> None:
    """Where nothing is declared nobody looks at the account, and the run says so."""
    done = judge(tmp_path, f"--env-file={file_of(target, tmp_path)}", "-k", "not server and not written")

    assert done.code == 5, done.said
    assert "its file has no [infrastructure]" in done.said
    assert len(done.with_verdict("inapplicable")) == 48, done.verdicts


def test_credentials_that_are_not_there_are_told(target: Target, declared: Declared, tmp_path: Path) -> None:
    """A variable that holds no credentials is named, in one line, with what to do; the exit code is 4."""
    file = file_of(target, tmp_path, **as_declared(target, declared))
    keys = 'access_key = { variable = "ABSENT_KEY" }\nsecret_key = { variable = "ABSENT_SECRET" }\n'
    file.write_text(file.read_text().replace("[infrastructure]\n", f"[infrastructure]\n{keys}"))
    done = judge(tmp_path, f"--env-file={file}")

    assert done.code == 4, done.said
    said = "the environment variable ABSENT_KEY is not set; set it to the secret"
    where = re.escape(str(file)) + r":\d+: infrastructure\.access_key\.variable: "
    assert re.fullmatch(f"ERROR: {where}{said}", done.said.strip()), done.said


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("ExpiredToken", "they have expired (ExpiredToken); take new ones"),
        ("InvalidClientTokenId", "AWS does not know them (InvalidClientTokenId)"),
    ],
)
def test_credentials_that_are_not_valid_are_told(code: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Expired and unknown credentials make an account one that cannot be judged."""

    def refuse(_: TokenResponse) -> None:
        raise STSClientError(code, "The security token included in the request is not valid")

    monkeypatch.setattr(TokenResponse, "get_caller_identity", refuse)
    with moto_account() as account, pytest.raises(PreconditionFailed) as told:
        observe(account.access(DECLARED))
    assert said in str(told.value)


def test_expired_credentials_end_a_run(
    target: Target, declared: Declared, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run with an expired session ends with 6, and says what to do: no setting passes or fails."""

    def refuse(_: TokenResponse) -> None:
        raise STSClientError("ExpiredToken", "The security token included in the request is expired")

    monkeypatch.setattr(TokenResponse, "get_caller_identity", refuse)
    with moto_account() as account:
        table = as_declared(target, declared) | {"endpoint": account.endpoint}
        done = judge(tmp_path, f"--env-file={file_of(target, tmp_path, **table)}", "-k", "not server and not written")

    assert done.code == 6, done.said
    assert "GetCallerIdentity: they have expired (ExpiredToken); take new ones" in done.said
    assert "Traceback" not in done.said
    assert not done.with_verdict("passed") | done.with_verdict("failed")


def test_nobody_who_answers_is_told() -> None:
    """An endpoint at which nobody answers makes an account one that cannot be judged."""
    with moto_account() as account:
        access = account.access(DECLARED)
    with pytest.raises(PreconditionFailed, match="an AWS service that answers"):
        observe(replace(access, endpoint="http://127.0.0.1:9", s3_endpoint="http://127.0.0.1:9"))


@pytest.mark.parametrize(
    ("name", "code"),
    [("promised", 0), ("models-expire-under-the-prefix", 1), ("role-lacks-put-object", 1)],
)
def test_plan_is_judged_without_any_deployment(tmp_path: Path, name: str, code: int) -> None:
    """A plan is judged alone: green for the promised account, red with the requirement for a broken one."""
    fault = ACCOUNT_CATALOGUE.get(name)
    state = fault.change(promised(DECLARED), DECLARED) if fault else promised(DECLARED)
    file = tmp_path / "plan.json"
    file.write_text(json.dumps(plan_of(state, DECLARED, "counted")))
    done = judge(tmp_path, f"--plan={file}")

    assert done.code == code, done.said
    assert done.with_verdict("failed") == set(fault.requirements if fault else ())
    assert not done.with_verdict("inconclusive")


@pytest.mark.parametrize(
    ("text", "options", "said"),
    [
        ("resource {}", (), "it is not JSON ("),
        ('{"format_version": "2.0"}', (), "its format version 2.0 is unknown; known are 0.1, 0.2 and 1.x"),
        ("{}", ("--env=production",), "it has no format_version"),
    ],
)
def test_plan_that_is_none_is_refused_in_a_line(tmp_path: Path, text: str, options: tuple[str, ...], said: str) -> None:
    """What is no plan, or of an unknown format, is a usage error of one line."""
    file = tmp_path / "plan.json"
    file.write_text(text)
    done = judge(tmp_path, f"--plan={file}", *options)

    assert done.code == 4
    assert said in done.said or "infrastructure is missing" in done.said
    assert len(done.said.strip().splitlines()) == 1, done.said


def test_plan_is_judged_by_its_own_checks_alone(tmp_path: Path) -> None:
    """A plan beside checks of a deployment is refused."""
    file = tmp_path / "plan.json"
    file.write_text(json.dumps(plan_of(promised(DECLARED), DECLARED)))
    done = judge(tmp_path, "suites/contract/reach", f"--plan={file}")

    assert done.code == 4
    assert "a plan is judged by suites/live/test_infrastructure.py alone" in done.said
