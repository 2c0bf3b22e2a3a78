"""What the suite itself may do: its policy is enough under IAM's enforcement, and every action of it is needed."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

import pytest
from botocore.exceptions import ClientError
from moto.awslambda.responses import LambdaResponse
from moto.backup.responses import BackupResponse
from moto.datasync.responses import DataSyncResponse
from moto.events.responses import EventsHandler
from moto.iam.access_control import IAMRequest
from moto.iam.policy_validation import SERVICE_TYPE_REGION_INFORMATION_ERROR_ASSOCIATIONS
from moto.iam.responses import IamResponse
from moto.logs.responses import LogsResponse
from moto.s3.responses import ACTION_MAP
from moto.s3control.responses import S3ControlResponse
from moto.sns.responses import SNSResponse

from registry_conformance.judge.account.evaluate import judge_all
from registry_conformance.judge.account.fact import Fact, Known, Unreadable, Unsupported
from registry_conformance.judge.account.observe.observe import observe
from registry_conformance.judge.account.own_rights import object_rights, own_rights
from registry_conformance.judge.account.reference import promised
from registry_conformance.judge.account.state import AccessPoint, Called, Outlet, RoleState, State
from registry_conformance.judge.account.statement import Statement, write_policy
from registry_conformance.judge.clients.bucket import Bucket, BucketError
from registry_conformance.judge.clients.log_watch import LogWatch
from registry_conformance.judge.evidence.recorder import Evidence
from registry_conformance.judge.target.account import Declared, ObservedAccount
from registry_conformance.judge.target.target import BucketAccess, LogGroup
from registry_conformance.judge.verdict import Verdict
from registry_conformance.lab.faults.accounts.fault import in_bucket
from tests.account.moto_account import ACCOUNT, DECLARED, REGION, SESSION, Account, moto_account, with_kms
from tests.account.outlet_kinds import kind_of
from tests.account.realise import realise

T = TypeVar("T")
OF_AWS = {
    "encryption": "GetEncryptionConfiguration",
    "ownershipControls": "GetBucketOwnershipControls",
    "publicAccessBlock": "GetBucketPublicAccessBlock",
    "requestPayment": "GetBucketRequestPayment",
    "intelligent-tiering": "GetIntelligentTieringConfiguration",
    "replication": "GetReplicationConfiguration",
    "object-lock": "GetBucketObjectLockConfiguration",
    "notification": "GetBucketNotification",
    "inventory": "GetInventoryConfiguration",
}
"""Queries that moto 5.2.5 takes for ListBucket, with the actions that AWS asks for."""
OPERATIONS = {
    "GetEncryptionConfiguration": "GetBucketEncryption",
    "GetBucketPublicAccessBlock": "GetPublicAccessBlock",
    "GetLifecycleConfiguration": "GetBucketLifecycleConfiguration",
    "GetBucketObjectLockConfiguration": "GetObjectLockConfiguration",
    "GetReplicationConfiguration": "GetBucketReplication",
    "GetIntelligentTieringConfiguration": "ListBucketIntelligentTieringConfigurations",
    "GetBucketNotification": "GetBucketNotificationConfiguration",
    "GetInventoryConfiguration": "ListBucketInventoryConfigurations",
}
"""Actions of S3 with other names than the operations that they are for."""
OWN = f"AWS:arn:aws:iam::{ACCOUNT}:root"
FUNCTION = Called(
    f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:look",
    Known((Statement(actions=("s3:GetObject",), resources=("*",)),)),
)
_AGAIN = replace(
    FUNCTION,
    function=f"{FUNCTION.function}-again",
    by=(f"arn:aws:sns:{REGION}:{ACCOUNT}:uploads", f"arn:aws:sqs:{REGION}:{ACCOUNT}:uploads"),
)
_LATE = replace(FUNCTION, function=f"{FUNCTION.function}-late", by=(f"arn:aws:events:{REGION}:{ACCOUNT}:rule/uploads",))
CALLS = (FUNCTION, _AGAIN, _LATE)
POINT = AccessPoint("models", Known((Statement(actions=("s3:GetObject",), resources=("*",), principals=(OWN,)),)))
FAR = replace(POINT, name="models-of-the-world", alias="m1.mrap")
BOUNDED = replace(
    in_bucket(access_points=Known((POINT, FAR)), calls=Known(CALLS), emptied=Unsupported("only a plan says so"))(
        promised(DECLARED), DECLARED
    ),
    role=Known(
        RoleState(
            DECLARED.role,
            Known((Statement(actions=("sts:AssumeRole",), principals=("Service:ecs-tasks.amazonaws.com",)),)),
            Known((Statement(actions=("s3:GetObject",), resources=("*",)),)),
            boundary=Known((Statement(actions=("s3:*",), resources=("*",)),)),
        )
    ),
)
"""An account with something in each place that the suite looks at: its role has a boundary, a managed policy."""
OF_ANOTHER_BUCKET = (
    Outlet("the DataSync task t", "logs"),
    Outlet("the backup plan daily", f"arn:aws:backup:{REGION}:999999999999:backup-vault:theirs"),
    Outlet("the batch job j", "logs"),
    Outlet("the access grant g", f"arn:aws:iam::{ACCOUNT}:role/reader"),
    Outlet("the CloudFront distribution d", "whoever asks", "anybody"),
)
"""What takes artifacts out of another bucket: one of each kind, so that each is looked at."""
UNCHECKED = {
    "s3:AbortMultipartUpload": "no upload is left unfinished here",
    "s3:GetObjectLegalHold": "moto 5.2.5 takes it for s3:GetObject",
}
SOMETHING_ELSE = Statement(actions=("sqs:SendMessage",), resources=("*",))
LOOKING = sorted({action for each in own_rights(DECLARED) for action in each.actions})
TOUCHING = sorted({action for each in object_rights(DECLARED) for action in each.actions})


@pytest.fixture(scope="module")
def account() -> Iterator[Account]:
    """An account that heeds policies as AWS does, with a bucket and a role in it."""
    with moto_account() as account, pytest.MonkeyPatch.context() as patch:
        for query, action in OF_AWS.items():
            patch.setitem(ACTION_MAP["BUCKET"]["GET"], query, action)
        patch.setattr(IamResponse, "_determine_resource", resource_of, raising=False)
        patch.setattr(LogsResponse, "_determine_resource", group_of, raising=False)
        patch.setattr(S3ControlResponse, "_determine_resource", point_of, raising=False)
        patch.setattr(IAMRequest, "check_signature", lambda _: None)  # moto 5.2.5 signs requests to Lambda otherwise
        patch.setattr(LambdaResponse, "_determine_resource", function_of, raising=False)
        patch.setattr(SNSResponse, "_determine_resource", topic_of, raising=False)
        patch.setattr(EventsHandler, "_determine_resource", rule_of, raising=False)
        patch.setattr(DataSyncResponse, "_determine_resource", task_of, raising=False)
        patch.setattr(BackupResponse, "_determine_resource", plan_of, raising=False)
        with_region = SERVICE_TYPE_REGION_INFORMATION_ERROR_ASSOCIATIONS["s3"]
        patch.setitem(with_region, "valid_starting_values", ["accesspoint/", "job/", "access-grants/"])
        realise(account, BOUNDED, DECLARED)
        for outlet in OF_ANOTHER_BUCKET:
            kind_of(outlet).make(account, "another", outlet)
        yield account


def plan_of(self: BackupResponse) -> str:
    """Return the backup plan that a request is about."""
    named = re.search(r"/backup/plans/([\w-]+)", self.uri)
    return f"arn:aws:backup:{REGION}:{ACCOUNT}:backup-plan:{named[1]}" if named else "*"


def task_of(self: DataSyncResponse) -> str:
    """Return the task that a request is about: moto 5.2.5 has the same account in the ARNs of all tasks."""
    named = str(json.loads(self.body or "{}").get("TaskArn", "*"))
    return re.sub(r"\d{12}", ACCOUNT, named)


def resource_of(self: IamResponse) -> str:
    """Return the resource that a request to IAM is about: moto 5.2.5 asks for all of them."""
    role = self._get_param("RoleName")
    named = self._get_param("PolicyArn") or self._get_param("PolicySourceArn")
    return named or (f"arn:aws:iam::{ACCOUNT}:role/{role}" if role else "*")


def point_of(self: S3ControlResponse) -> str:
    """Return the access point that a request is about."""
    if far := re.search(r"/mrap/instances/([\w-]+)", self.uri):
        return f"arn:aws:s3::{ACCOUNT}:accesspoint/{far[1]}"
    if job := re.search(r"/jobs/([\w-]+)", self.uri):
        return f"arn:aws:s3:{REGION}:{ACCOUNT}:job/{job[1]}"
    if self.uri.endswith("/accessgrantsinstance/grants"):
        return f"arn:aws:s3:{REGION}:{ACCOUNT}:access-grants/default"
    named = re.search(r"/accesspoint/([\w-]+)", self.uri)
    return f"arn:aws:s3:{REGION}:{ACCOUNT}:accesspoint/{named[1]}" if named else "*"


def function_of(self: LambdaResponse) -> str:
    """Return the function that a request is about."""
    named = re.search(r"/functions/([\w-]+)", self.uri)
    return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{named[1]}" if named else "*"


def topic_of(self: SNSResponse) -> str:
    """Return the topic that a request is about."""
    return self._get_param("TopicArn") or "*"


def rule_of(_: EventsHandler) -> str:
    """Return the rules that a request to EventBridge is about."""
    return f"arn:aws:events:{REGION}:{ACCOUNT}:rule/uploads"


def group_of(self: LogsResponse) -> str:
    """Return the log group that a request is about."""
    group = self._get_param("logGroupName")
    return f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{group}:*" if group else "*"


@pytest.fixture
def caller(account: Account) -> Iterator[Any]:
    """A maker of callers with a policy of their own; policies are heeded from the first one on."""
    iam = account.client("iam")
    iam.create_user(UserName="suite")
    key = iam.create_access_key(UserName="suite")["AccessKey"]

    def with_rights(*statements: Statement) -> ObservedAccount:
        account.enforce_iam(on=False)
        iam.put_user_policy(UserName="suite", PolicyName="own", PolicyDocument=write_policy(statements))
        account.enforce_iam(on=True)
        access = account.access(DECLARED)
        return replace(access, access_key=key["AccessKeyId"], secret_key=key["SecretAccessKey"])

    yield with_rights
    account.enforce_iam(on=False)
    for key in iam.list_access_keys(UserName="suite")["AccessKeyMetadata"]:
        iam.delete_access_key(UserName="suite", AccessKeyId=key["AccessKeyId"])
    iam.delete_user_policy(UserName="suite", PolicyName="own")
    iam.delete_user(UserName="suite")


@pytest.fixture
def plain_bucket(account: Account) -> Iterator[None]:
    """The bucket without its policy: moto 5.2.5 denies objects by a statement whose condition does not hold."""
    s3 = account.client("s3")
    policy = s3.get_bucket_policy(Bucket=DECLARED.bucket)["Policy"]
    s3.delete_bucket_policy(Bucket=DECLARED.bucket)
    yield
    s3.put_bucket_policy(Bucket=DECLARED.bucket, Policy=policy)


def less(statements: Iterator[Statement], action: str) -> list[Statement]:
    """Return statements without one action."""
    return _kept(statements, lambda name: name != action)


def only(statements: Iterator[Statement], actions: Collection[str]) -> list[Statement]:
    """Return statements with some of their actions alone."""
    return _kept(statements, lambda name: name in actions)


def _kept(statements: Iterator[Statement], keeps: Callable[[str], bool]) -> list[Statement]:
    """Return statements with those of their actions that are kept, without what has none left."""
    fewer = [replace(each, actions=tuple(filter(keeps, each.actions))) for each in statements]
    return [each for each in fewer if each.actions]


def is_told(operation: str, whys: Collection[str]) -> bool:
    """Return whether one of several reasons names an operation."""
    return any(f"{operation}: " in why for why in whys)


def operation_of(action: str) -> str:
    """Return the operation of the API that an action is asked for by."""
    name = action.partition(":")[2]
    return OPERATIONS.get(name, name)


def reasons(value: object) -> Iterator[str]:
    """Yield why anything in an account may not be read."""
    if isinstance(value, Unreadable):
        yield value.why
    elif isinstance(value, Outlet):
        yield value.unread
    elif is_dataclass(value):
        for each in fields(value):
            yield from reasons(getattr(value, each.name))
    elif isinstance(value, Mapping):
        yield from (why for each in value.values() for why in reasons(each))
    elif isinstance(value, tuple):
        yield from (why for each in value for why in reasons(each))


def _value(fact: Fact[tuple[T, ...]]) -> tuple[T, ...]:
    return fact.value if isinstance(fact, Known) else ()


def unreadable(state: State) -> list[str]:
    """Return the names of what may not be read in an account."""
    assert isinstance(state.bucket, Known)
    assert isinstance(state.role, Known)
    seen = {each.name: getattr(state.bucket.value, each.name) for each in fields(state.bucket.value)}
    seen |= {each.name: getattr(state.role.value, each.name) for each in fields(state.role.value)}
    seen |= {**state.log_groups, "roles": state.roles}
    seen |= {each.name: each.policy for each in _value(state.bucket.value.access_points)}
    seen |= {each.function: each.statements for each in _value(state.bucket.value.calls)}
    return [name for name, fact in seen.items() if isinstance(fact, Unreadable)]


def test_policy_is_enough_to_look(caller: Any) -> None:
    """With the documented policy, and no more, everything of the account is read, and nothing is changed."""
    state = observe(caller(*own_rights(DECLARED)))

    assert unreadable(state) == []
    assert state == BOUNDED


def test_each_action_of_the_policy_is_needed(caller: Any) -> None:
    """Where one of its actions is lacking, what is read with it may not be; that is inconclusive, and nothing fails.

    Each round grants what the rounds before have shown to be needed, so that calls are denied which come after others.
    """
    whole, shown = judge_all(BOUNDED, DECLARED), set[str]()
    while lacking := {*LOOKING} - shown:
        state = observe(caller(SOMETHING_ELSE, *only(own_rights(DECLARED), shown)))
        whys = {*reasons(state)}
        denied = {each for each in lacking if is_told(operation_of(each), whys)}
        assert denied, f"nothing is unreadable without {sorted(lacking)}"
        changed = {
            name: found for name, found in judge_all(state, DECLARED).items() if found.verdict != whole[name].verdict
        }
        assert {found.verdict for found in changed.values()} == {Verdict.INCONCLUSIVE}, changed
        assert all("may not be read" in found.actual for found in changed.values()), changed
        shown |= denied


def test_nothing_is_readable_without_a_policy(caller: Any) -> None:
    """With a policy for something else nothing is read, and nothing passes or fails."""
    found = caller(SOMETHING_ELSE)
    findings = judge_all(observe(found), DECLARED)

    verdicts = {name: finding.verdict for name, finding in findings.items()}
    assert set(verdicts.values()) == {Verdict.INCONCLUSIVE, Verdict.INAPPLICABLE}, verdicts


def look(found: ObservedAccount, declared: Declared, run: str) -> None:
    """Do what a sandboxed run does in the bucket: put, list, read, count versions and uploads, remove for good."""
    access = BucketAccess(
        found.endpoint, REGION, declared.bucket, declared.prefix, found.access_key, found.secret_key, ""
    )
    bucket = Bucket(access, Evidence())
    location = f"s3://{declared.bucket}/{declared.prefix}/1/{run}/artifacts"
    put = SESSION.client(
        "s3",
        endpoint_url=found.endpoint,
        region_name=REGION,
        aws_access_key_id=found.access_key,
        aws_secret_access_key=found.secret_key,
    )  # moto heeds no policy for the presigned URLs that ``fill`` uses
    put.put_object(Bucket=declared.bucket, Key=bucket.key_for(location, "a.bin"), Body=b"bytes")
    assert bucket.under(location) == {"a.bin": 5}
    key = bucket.key_for(location, "a.bin")
    assert bucket.body(key) is not None
    assert bucket.versions(key) == 1
    assert bucket.unfinished(location, "a.bin") == 0
    assert bucket.purge(bucket.key_for(location), lambda *_: True) == []
    assert bucket.under(location) == {}


@pytest.mark.usefixtures("plain_bucket")
def test_policy_is_enough_for_a_run(account: Account, caller: Any) -> None:
    """With the documented policies a run sees what was stored, removes it for good, and reads the log."""
    found = caller(*own_rights(DECLARED), *object_rights(DECLARED))
    look(found, DECLARED, "run")
    group = next(iter(DECLARED.log_groups))

    log = LogGroup(group, REGION, found.access_key, found.secret_key, "", account.endpoint)
    assert LogWatch({}, {"mlflow": log}).lines() == []


@pytest.mark.usefixtures("plain_bucket")
@pytest.mark.parametrize("action", [each for each in TOUCHING if each.startswith("s3:") and each not in UNCHECKED])
def test_each_action_on_objects_is_needed(caller: Any, action: str) -> None:
    """Without one of its actions a run cannot do its work in the bucket."""
    found = caller(*less(object_rights(DECLARED), action))
    with pytest.raises((AssertionError, BucketError, ClientError), match=r"AccessDenied|Forbidden"):
        look(found, DECLARED, action.partition(":")[2])


def test_policy_names_the_key_where_one_is_declared() -> None:
    """Objects that are encrypted by KMS are read with the key, which the policy names then."""
    actions = {action for each in object_rights(with_kms()) for action in each.actions}
    assert {"kms:Decrypt", "kms:GenerateDataKey"} <= actions
