"""The CloudFormation template of an account: its properties, and functions in the places where templates have them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from registry_conformance.judge.account.fact import Fact, Known
from registry_conformance.judge.account.patterns import service_of
from registry_conformance.judge.account.state import (
    BucketState,
    Called,
    KeyState,
    LifecycleRule,
    Outlet,
    RoleState,
    State,
    Tiering,
)
from registry_conformance.judge.account.statement import Statement, write_policy
from tests.account.outlet_kinds import kind_of, name_of
from tests.account.realise import by_policy
from tests.account.realise_calls import PATTERN

UNTOLD = {"INF-016": "who pays for requests", "INF-018": "MFA delete"}
"""Requirements on what no template can set; what it says of the others is the account's."""
Table = dict[str, Any]


def template_of(state: State) -> Table:
    """Return the template that would make an account; its names are parameters with defaults, its ARNs references."""
    resources: Table = {}
    if isinstance(state.bucket, Known):
        resources |= _bucket(state.bucket.value)
    if isinstance(state.role, Known):
        resources |= _role(state.role.value)
    if isinstance(state.bucket, Known):
        resources |= dict(_ways(state.bucket.value))
    for number, (arn, trust) in enumerate(state.named_roles.items()):
        resources[f"Other{number}"] = _resource("AWS::IAM::Role", _other(RoleState(arn, trust, Known(()))))
    for number, role in enumerate(_value(state.roles)):
        resources[f"Role{number}"] = _resource("AWS::IAM::Role", _other(role))
    if isinstance(state.key, Known):
        resources["Key"] = _resource("AWS::KMS::Key", _key(state.key.value))
    for number, (group, days) in enumerate(state.log_groups.items()):
        if isinstance(days, Known):
            kept = {"RetentionInDays": days.value} if days.value else {}
            resources[f"Log{number}"] = _resource("AWS::Logs::LogGroup", {"LogGroupName": group, **kept})
    name = state.bucket.value.name if isinstance(state.bucket, Known) else "none"
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Parameters": {"Name": {"Type": "String", "Default": name}, "Stage": {"Type": "String", "Default": "staging"}},
        "Conditions": {"IsStaging": {"Fn::Equals": [{"Ref": "Stage"}, "staging"]}},
        "Resources": resources,
    }


def _resource(kind: str, properties: Table) -> Table:
    return {"Type": kind, "Properties": properties}


def _value(fact: Fact[Any]) -> Any:
    return fact.value if isinstance(fact, Known) else None


def _policy(statements: tuple[Statement, ...] | list[Statement], bucket: str) -> Any:
    """Return a policy with the bucket's ARN by the functions that templates have for it, in one form or the other."""
    document = json.loads(write_policy(statements))

    def referred(node: Any) -> Any:
        if isinstance(node, str) and bucket and node == f"arn:aws:s3:::{bucket}":
            return {"Fn::GetAtt": ["Artifacts", "Arn"]}
        if isinstance(node, str) and bucket and node.startswith(f"arn:aws:s3:::{bucket}/"):
            return {"Fn::Join": ["", [{"Fn::GetAtt": ["Artifacts", "Arn"]}, node.partition(bucket)[2]]]}
        if isinstance(node, str) and re.fullmatch(r"arn:aws:iam::123456789012:\w+/?[\w/-]*", node):
            return {"Fn::Sub": node.replace("aws", "${AWS::Partition}").replace("123456789012", "${AWS::AccountId}")}
        if isinstance(node, list):
            return [referred(each) for each in node]
        return {name: referred(each) for name, each in node.items()} if isinstance(node, Mapping) else node

    return referred(document)


def _inventory(outlet: Outlet) -> Table:
    whose = {"BucketAccountId": outlet.account} if outlet.account else {}
    into = {"BucketArn": f"arn:aws:s3:::{outlet.to}", "Format": "CSV", **whose}
    return {"Id": name_of(outlet), "Enabled": True, "Destination": into}


def _tiering(configured: Tiering) -> Table:
    return {
        "Id": configured.name,
        "Status": "Enabled",
        "Prefix": configured.prefix,
        "Tierings": [{"AccessTier": tier, "Days": days} for tier, days in configured.tiers],
    }


def _bucket(bucket: BucketState) -> Table:
    settings = {
        "BucketName": {"Fn::If": ["IsStaging", {"Ref": "Name"}, {"Ref": "AWS::NoValue"}]},
        "VersioningConfiguration": {"Status": _value(bucket.versioning)} if _value(bucket.versioning) else None,
        "BucketEncryption": _encryption(bucket),
        "PublicAccessBlockConfiguration": dict.fromkeys(_value(bucket.public_access) or (), True) or None,
        "OwnershipControls": _ownership(bucket),
        "AccessControl": "PublicRead" if _value(bucket.grants) else None,
        "LifecycleConfiguration": {"Rules": [_rule(each) for each in _value(bucket.lifecycle) or ()]},
        "LoggingConfiguration": _access_log(bucket),
        "ObjectLockConfiguration": _object_lock(bucket),
        "ReplicationConfiguration": _replication(bucket),
        "InventoryConfigurations": [_inventory(each) for each in _value(bucket.outlets) if "inventory" in each.by],
        "IntelligentTieringConfigurations": [_tiering(each) for each in _value(bucket.tiering)],
        "NotificationConfiguration": _notifies(bucket),
    }
    properties = {name: each for name, each in settings.items() if each not in (None, [], {"Rules": []})}
    found = {"Artifacts": _resource("AWS::S3::Bucket", properties)}
    if isinstance(bucket.policy, Known):
        policy = {"Bucket": {"Ref": "Artifacts"}, "PolicyDocument": _policy(bucket.policy.value, bucket.name)}
        found["Policy"] = _resource("AWS::S3::BucketPolicy", policy)
    if bucket.emptied == Known(value=True):
        found["Emptied"] = _resource("Custom::S3AutoDeleteObjects", {"BucketName": {"Ref": "Artifacts"}})
    return found


def _ways(bucket: BucketState) -> Iterator[tuple[str, Table]]:
    for each in _value(bucket.outlets):
        yield from kind_of(each).resources(bucket.name, each).items()
    for number, point in enumerate(_value(bucket.access_points)):
        if point.alias is not None:
            behind = {"Name": point.name, "Regions": [{"Bucket": {"Ref": "Artifacts"}}]}
            said = {"MrapName": {"Ref": f"Far{number}"}, "Policy": _policy(_value(point.policy), "")}
            yield f"Far{number}", _resource("AWS::S3::MultiRegionAccessPoint", behind)
            yield f"FarPolicy{number}", _resource("AWS::S3::MultiRegionAccessPointPolicy", said)
            continue
        given = {"Name": point.name, "Bucket": {"Ref": "Artifacts"}}
        policy = {"Policy": _policy(point.policy.value, "")} if isinstance(point.policy, Known) else {}
        yield f"Point{number}", _resource("AWS::S3::AccessPoint", given | policy)
    for number, each in enumerate(_value(bucket.calls)):
        name = each.function.rpartition(":")[2]
        trust = Known((Statement(actions=("sts:AssumeRole",), principals=("Service:lambda.amazonaws.com",)),))
        role = _other(RoleState(f"role/{name}", trust, each.statements))
        yield f"Runs{number}", _resource("AWS::IAM::Role", role)
        runs = {"FunctionName": name, "Role": {"Fn::GetAtt": [f"Runs{number}", "Arn"]}}
        yield f"Function{number}", _resource("AWS::Lambda::Function", runs)
        for place, arn in enumerate(each.by):
            heard_by = _listener(number, place + 1, each)
            yield from _on_the_way(f"By{number}x{place}", arn, heard_by)


def _listener(number: int, place: int, called: Called) -> Table:
    """Return how a template refers to what is at a place on the way to a function, or to the function."""
    if place == len(called.by):
        return {"Fn::GetAtt": [f"Function{number}", "Arn"]}
    name = f"By{number}x{place}"
    return {"Ref": name} if service_of(called.by[place]) == "sns" else {"Fn::GetAtt": [name, "Arn"]}


def _on_the_way(name: str, arn: str, heard_by: Table) -> Iterator[tuple[str, Table]]:
    """Yield a topic, a queue or a rule, and what has the next one listen to it."""
    called = arn.rpartition(":")[2].removeprefix("rule/")
    if service_of(arn) == "sqs":
        yield name, _resource("AWS::SQS::Queue", {"QueueName": called})
        maps = {"EventSourceArn": {"Fn::GetAtt": [name, "Arn"]}, "FunctionName": heard_by}
        yield f"{name}Maps", _resource("AWS::Lambda::EventSourceMapping", maps)
    elif service_of(arn) == "sns":
        protocol = "sqs" if "By" in json.dumps(heard_by) else "lambda"
        listens = {"Protocol": protocol, "Endpoint": heard_by}
        yield name, _resource("AWS::SNS::Topic", {"TopicName": called, "Subscription": [listens]})
    else:
        targets = [{"Id": "heard", "Arn": heard_by}]
        rule = {"Name": called, "EventPattern": PATTERN, "State": "ENABLED", "Targets": targets}
        yield name, _resource("AWS::Events::Rule", rule)


def _notifies(bucket: BucketState) -> Table | None:
    found: Table = {}
    kinds = {
        "lambda": ("LambdaConfigurations", "Function"),
        "sqs": ("QueueConfigurations", "Queue"),
        "sns": ("TopicConfigurations", "Topic"),
    }
    for number, each in enumerate(_value(bucket.calls)):
        service = service_of((*each.by, each.function)[0])
        if service == "events":
            found["EventBridgeConfiguration"] = {"EventBridgeEnabled": True}
        else:
            listed, name = kinds[service]
            found.setdefault(listed, []).append({"Event": "s3:ObjectCreated:*", name: _listener(number, 0, each)})
    return found or None


def _other(role: RoleState) -> Table:
    """Return a role beside the server's, with its policies in it."""
    own = by_policy(_value(role.statements)).items()
    policies = [{"PolicyName": name, "PolicyDocument": _policy(each, "")} for name, each in own]
    name = role.arn.rpartition("/")[2]
    return {"RoleName": name, "AssumeRolePolicyDocument": _policy(_value(role.trust), ""), "Policies": policies}


def _role(role: RoleState) -> Table:
    trust = _policy(_value(role.trust), "")
    found: Table = {"RoleName": role.arn.rpartition("/")[2], "AssumeRolePolicyDocument": trust}
    others: Table = {}
    for number, (policy, statements) in enumerate(by_policy(_value(role.statements)).items()):
        given = {"PolicyDocument": _policy(statements, ""), "Roles": [{"Ref": "Server"}]}
        if policy.startswith("arn:"):
            own = {"ManagedPolicyName": policy.rpartition("/")[2]}
            others[f"Rights{number}"] = _resource("AWS::IAM::ManagedPolicy", own | given)
        else:
            others[f"Rights{number}"] = _resource("AWS::IAM::Policy", {"PolicyName": policy} | given)
    if isinstance(role.boundary, Known):
        bound = {"ManagedPolicyName": "boundary", "PolicyDocument": _policy(role.boundary.value, "")}
        others["Boundary"] = _resource("AWS::IAM::ManagedPolicy", bound)
        found["PermissionsBoundary"] = {"Ref": "Boundary"}
    return {"Server": _resource("AWS::IAM::Role", found), **others}


def _key(key: KeyState) -> Table:
    return {"Enabled": key.state == Known("Enabled"), "KeyPolicy": _policy(_value(key.policy), "")}


def _encryption(bucket: BucketState) -> Table | None:
    found = _value(bucket.encryption)
    if found is None:
        return None
    key = {"KMSMasterKeyID": found.key.value} if isinstance(found.key, Known) else {}
    rule = {
        "ServerSideEncryptionByDefault": {"SSEAlgorithm": found.algorithm, **key},
        "BucketKeyEnabled": found.bucket_key,
        "BlockedEncryptionTypes": {"EncryptionType": list(found.blocked)},
    }
    return {"ServerSideEncryptionConfiguration": [rule]}


def _ownership(bucket: BucketState) -> Table | None:
    found = _value(bucket.ownership)
    return {"Rules": [{"ObjectOwnership": found}]} if found else None


def _access_log(bucket: BucketState) -> Table | None:
    found = _value(bucket.access_log)
    return {"DestinationBucketName": found[0], "LogFilePrefix": found[1]} if found else None


def _object_lock(bucket: BucketState) -> Table | None:
    found = _value(bucket.object_lock)
    if found is None:
        return None
    rule = {"Rule": {"DefaultRetention": {"Mode": found.mode, "Days": found.days}}} if found.mode else {}
    return {"ObjectLockEnabled": "Enabled", **rule}


def _replication(bucket: BucketState) -> Table | None:
    into = [
        {"Bucket": f"arn:aws:s3:::{each.bucket}"} | ({"Account": each.account} if each.account else {})
        for each in _value(bucket.replication)
    ]
    rules = [{"Status": "Enabled", "Destination": each} for each in into]
    return {"Role": "arn:aws:iam::123456789012:role/replication", "Rules": rules} if rules else None


def _rule(rule: LifecycleRule) -> Table:
    noncurrent = {"NoncurrentDays": rule.noncurrent_days}
    noncurrent |= {"NewerNoncurrentVersions": rule.keeps} if rule.keeps else {}
    aborts = {"DaysAfterInitiation": rule.abort_days}
    whole = {
        "Id": rule.name,
        "Status": "Enabled" if rule.enabled else "Disabled",
        "Prefix": rule.prefix,
        "TagFilters": [{"Key": "kind", "Value": "tmp"}] if rule.narrowed else None,
        "Transitions": [{"StorageClass": to, **_when(when, "Transition")} for to, when in rule.moves] or None,
        "NoncurrentVersionExpiration": noncurrent if rule.noncurrent_days else None,
        "AbortIncompleteMultipartUpload": aborts if rule.abort_days else None,
    }
    return {name: each for name, each in whole.items() if each is not None} | _when(rule.expires, "Expiration")


def _when(told: str, what: str) -> Table:
    days = re.fullmatch(r"after (\d+) days", told)
    begin = what if what == "Expiration" else "Transition"
    if days:
        return {f"{begin}InDays": int(days[1])}
    return {f"{begin}Date": f"{told.removeprefix('on ')}T00:00:00Z"} if told else {}
