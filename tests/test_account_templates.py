"""CloudFormation templates are judged as the accounts that they would make; those of CDK are too."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from registry_conformance.judge.account.evaluate import judge_all
from registry_conformance.judge.account.fact import Known
from registry_conformance.judge.account.finding import Finding
from registry_conformance.judge.account.plan.document import PlanError
from registry_conformance.judge.account.plan.file import read_plan
from registry_conformance.judge.account.plan.planned import planned
from registry_conformance.judge.account.reference import promised
from registry_conformance.judge.account.template.functions import NOTHING, Functions, Unknown
from registry_conformance.judge.target.account import Declared, PlannedAccount
from registry_conformance.judge.verdict import Verdict
from registry_conformance.lab.faults.accounts.catalogue import ACCOUNT_CATALOGUE
from tests.account.generated import generated
from tests.account.moto_account import ACCOUNT, DECLARED, REGION, STRANGER, declared_for, with_kms
from tests.account.outlet_kinds import NOT_PLANNED
from tests.account.template_writer import UNTOLD, template_of

TEMPLATES = Path(__file__).parent / "account" / "templates"
SEEDS = range(0, 240, 2)
NOT_IN_TEMPLATES = {
    "requester-pays": "a template cannot say who pays",
    "mfa-delete-on": "a template cannot set MFA delete",
    "kms-key-granted-to-a-stranger": "a template has no grants",
    "kms-key-to-be-deleted": "a template enables or disables a key, and no more",
    "bucket-in-another-region": "where a stack is deployed to is no part of its template",
    "bucket-of-another-account": "where a stack is deployed to is no part of its template",
    **NOT_PLANNED,
}


def written(folder: Path, template: Mapping[str, Any]) -> Path:
    """Write a template with the manifest that CDK has beside it, which says where it goes."""
    file = folder / "Models.template.json"
    file.write_text(json.dumps(template))
    properties = {"templateFile": file.name}
    artifacts = {"Models": {"environment": f"aws://{ACCOUNT}/{REGION}", "properties": properties}}
    (folder / "manifest.json").write_text(json.dumps({"artifacts": artifacts}))
    return file


def judged(file: Path, declared: Declared | None) -> dict[str, Finding]:
    """Return what the requirements come to on a template."""
    return judge_all(*planned(PlannedAccount(file, declared)))


def verdicts(findings: Mapping[str, Finding], without: frozenset[str] = frozenset()) -> dict[str, Verdict]:
    """Return the verdict of each requirement that a template can tell of."""
    untold = {*UNTOLD, "INF-028", *without}
    return {name: each.verdict for name, each in findings.items() if name not in untold}


def with_verdict(findings: Mapping[str, Finding], verdict: Verdict) -> set[str]:
    """Return the requirements with a verdict."""
    return {name for name, each in findings.items() if each.verdict is verdict}


@pytest.mark.parametrize("declared", [DECLARED, with_kms()], ids=["AES256", "KMS"])
def test_template_of_the_promised_account_is_green(tmp_path: Path, declared: Declared) -> None:
    """The template that makes the promised account is read as that account."""
    file = written(tmp_path, template_of(promised(declared)))

    assert planned(PlannedAccount(file, declared)) == (promised(declared), declared)


@pytest.mark.parametrize("name", [each for each in ACCOUNT_CATALOGUE if each not in NOT_IN_TEMPLATES])
def test_template_has_the_verdicts_of_its_account(tmp_path: Path, name: str) -> None:
    """A broken account is red in its template exactly where its story says."""
    fault = ACCOUNT_CATALOGUE[name]
    declared = declared_for(fault)
    found = judged(written(tmp_path, template_of(fault.change(promised(declared), declared))), declared)

    assert with_verdict(found, Verdict.FAILED) == set(fault.requirements), found


@pytest.mark.parametrize("seed", SEEDS)
def test_template_agrees_with_a_generated_account(tmp_path: Path, seed: int) -> None:
    """A generated account gets the same verdicts from its template as by its value."""
    account = generated(seed)
    found = judged(written(tmp_path, template_of(account.state)), account.declared)
    grants = isinstance(account.state.key, Known) and account.state.key.value.grants != Known(())
    untold = frozenset({"INF-015"} if grants else ())

    assert verdicts(found, untold) == verdicts(judge_all(account.state, account.declared), untold)


def test_template_of_cdk_is_green() -> None:
    """What CDK synthesises of a careful stack keeps every promise that it can: its names are made up by AWS."""
    found = judged(TEMPLATES / "Models.template.json", DECLARED)

    assert with_verdict(found, Verdict.FAILED) | with_verdict(found, Verdict.INCONCLUSIVE) == set()


def test_careless_template_of_cdk_is_red() -> None:
    """CDK's ways to lose models and to let strangers in are told: emptied buckets, functions, broad grants."""
    found = judged(TEMPLATES / "Careless.template.json", None)

    lost = {"INF-004", "INF-009", "INF-021", "INF-022", "INF-027", "INF-028", "INF-029", "INF-049", "INF-053"}
    assert lost <= with_verdict(found, Verdict.FAILED), found
    assert "whose role may s3:DeleteObject*" in found["INF-027"].actual
    assert "gives them to whoever asks" in found["INF-029"].actual
    assert f"of the account {STRANGER}" in found["INF-029"].actual


def has_cdk() -> bool:
    """Return whether node finds the library of CDK from the folder of its app."""
    node = shutil.which("node")
    asked = [str(node), "-e", "require('aws-cdk-lib')"]
    return node is not None and subprocess.run(asked, cwd=TEMPLATES, capture_output=True, check=False).returncode == 0


@pytest.mark.skipif(not has_cdk(), reason="node finds no aws-cdk-lib: npm install --prefix FOLDER, and NODE_PATH")
@pytest.mark.parametrize(("stack", "declared"), [("Models", DECLARED), ("Careless", None)])
def test_app_of_cdk_synthesises_the_same_accounts(tmp_path: Path, stack: str, declared: Declared | None) -> None:
    """What the CDK of this machine makes of the app is read into the same account as the template beside it."""
    node = shutil.which("node")
    assert node is not None
    subprocess.run([node, "app.js", str(tmp_path)], cwd=TEMPLATES, capture_output=True, timeout=600, check=True)
    made, kept = (
        planned(PlannedAccount(folder / f"{stack}.template.json", declared))[0] for folder in (tmp_path, TEMPLATES)
    )

    assert made == kept


def test_yaml_with_short_forms_is_read_as_json_is(tmp_path: Path) -> None:
    """A template of YAML comes to the same account; where it is deployed to is not known without a manifest."""
    state = promised(DECLARED)
    text = """
AWSTemplateFormatVersion: 2010-09-09
Parameters:
  Stage: {Type: String, Default: staging}
Resources:
  Artifacts:
    Type: AWS::S3::Bucket
    Properties:
      BucketName: !Sub "hokusai-mlflow-artifacts-${Stage}"
      VersioningConfiguration: {Status: Enabled}
  Policy:
    Type: AWS::S3::BucketPolicy
    Properties:
      Bucket: !Ref Artifacts
      PolicyDocument:
        Version: 2012-10-17
        Statement:
          - Effect: Deny
            Principal: "*"
            Action: s3:*
            Resource: [!GetAtt Artifacts.Arn, !Join ["/", [!GetAtt Artifacts.Arn, "*"]]]
            Condition: {Bool: {aws:SecureTransport: false}}
"""
    file = tmp_path / "models.yaml"
    file.write_text(text)
    found = judged(file, DECLARED)

    passed = with_verdict(found, Verdict.PASSED)
    assert {"INF-001", "INF-004", "INF-009", "INF-010"} <= passed, found
    assert {"INF-002", "INF-003"} <= with_verdict(found, Verdict.INCONCLUSIVE)
    assert isinstance(state.bucket, Known)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"Resources": {"A": {"Properties": {}}}}, "the resource A has no Type"),
        ({"Resources": {"A": {"Type": "AWS::S3::Bucket", "Properties": []}}}, ""),
        ({"Resources": {"A": {"Type": "AWS::S3::Bucket", "Properties": "x"}}}, "A.Properties is no table"),
        (
            {"Resources": {"A": {"Type": "AWS::S3::Bucket", "Properties": {"BucketEncryption": "on"}}}},
            "A (AWS::S3::Bucket).BucketEncryption has not the form",
        ),
        (
            {"Resources": {"A": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": {"Ref": "B"}}}}},
            "it refers to B, which it has not",
        ),
        (
            {"Resources": {"A": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": {"Fn::Join": "a"}}}}},
            "Fn::Join in it has not the form",
        ),
        (
            {
                "Parameters": {"P": {"Type": "String"}},
                "Conditions": {"C": {"Fn::Equals": [{"Ref": "P"}, "a"]}},
                "Resources": {"A": {"Type": "AWS::S3::Bucket", "Condition": "C"}},
            },
            "whether A is made hangs on the parameter P",
        ),
        ({"Resources": {"A": {"Type": "AWS::CloudFormation::Stack"}}}, "nested stacks"),
        ({"Resources": {"Fn::ForEach::A": []}}, "stands for several resources"),
        ({"Parameters": ["P"], "Resources": {}}, "Parameters is no table"),
    ],
)
def test_what_is_no_template_is_refused(tmp_path: Path, change: dict[str, Any], told: str) -> None:
    """A template that cannot be read says what is wrong with it, and no traceback."""
    file = tmp_path / "template.json"
    file.write_text(json.dumps(change))
    if not told:
        planned(PlannedAccount(file, DECLARED))
        return
    with pytest.raises(PlanError, match=re.escape(told)):
        read_plan(file, DECLARED)


def test_yaml_that_is_none_is_refused(tmp_path: Path) -> None:
    """A broken YAML is told as that."""
    file = tmp_path / "template.yaml"
    file.write_text("Resources:\n  A: [\n")
    with pytest.raises(PlanError, match="neither JSON nor YAML"):
        read_plan(file)


def test_what_hangs_on_a_parameter_is_inconclusive(tmp_path: Path) -> None:
    """A setting by a parameter without a default is known only once the template is deployed."""
    template = template_of(promised(DECLARED))
    template["Parameters"]["Days"] = {"Type": "Number"}
    template["Resources"]["Artifacts"]["Properties"]["VersioningConfiguration"] = {"Status": {"Ref": "Days"}}
    template["Resources"]["Policy"]["Properties"]["PolicyDocument"]["Statement"][0]["Resource"] = {"Ref": "Days"}
    found = judged(written(tmp_path, template), DECLARED)

    assert found["INF-004"].verdict is Verdict.INCONCLUSIVE
    assert found["INF-010"].verdict is Verdict.INCONCLUSIVE
    assert "Artifacts (AWS::S3::Bucket)" in found["INF-004"].actual


@pytest.mark.parametrize(
    ("node", "value"),
    [
        ({"Fn::Sub": "a-${P}-${!P}"}, "a-p-${P}"),
        ({"Fn::Sub": ["${Q}${P}", {"Q": {"Ref": "P"}}]}, "pp"),
        ({"Fn::Select": ["1", {"Fn::Split": ["-", "a-b"]}]}, "b"),
        ({"Fn::If": ["No", "a", {"Ref": "AWS::NoValue"}]}, NOTHING),
        ({"Fn::FindInMap": ["M", {"Ref": "P"}, "k"]}, "v"),
        ({"a": {"Ref": "AWS::NoValue"}, "b": 1}, {"b": 1}),
        ([{"Ref": "AWS::NoValue"}, {"Ref": "P"}], ["p"]),
        ({"Fn::ImportValue": "x"}, Unknown("Fn::ImportValue")),
        ({"Fn::Join": ["", ["a", {"Ref": "U"}]]}, Unknown("U")),
        ({"Fn::If": ["Both", 1, 2]}, 1),
        ({"Fn::If": ["Either", 1, 2]}, 1),
    ],
)
def test_functions(node: Any, value: Any) -> None:
    """Functions of templates come to what CloudFormation makes of them, or to what they hang on."""
    conditions = {
        "No": {"Fn::Not": [{"Fn::Equals": ["a", "a"]}]},
        "Both": {"Fn::And": [{"Fn::Not": [{"Condition": "No"}]}, {"Fn::Equals": ["1", 1]}]},
        "Either": {"Fn::Or": [{"Fn::Equals": [{"Ref": "U"}, "a"]}, {"Condition": "Both"}]},
    }
    names = {"P": "p", "U": Unknown("U"), "AWS::NoValue": NOTHING}
    functions = Functions(names, lambda *_: None, {"M": {"p": {"k": "v"}}}, conditions)

    assert functions.value(node) == value


def test_one_role_of_several_is_the_one_that_a_task_runs_with(tmp_path: Path) -> None:
    """Of roles without names the server's is the one that a task of ECS names; another is not taken for it."""
    template = template_of(promised(DECLARED))
    del template["Resources"]["Server"]["Properties"]["RoleName"]
    trust = template["Resources"]["Server"]["Properties"]["AssumeRolePolicyDocument"]
    template["Resources"]["Another"] = {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": trust}}
    untold = judged(written(tmp_path, template), DECLARED)
    task = {"TaskRoleArn": {"Fn::GetAtt": ["Server", "Arn"]}}
    template["Resources"]["Task"] = {"Type": "AWS::ECS::TaskDefinition", "Properties": task}
    told = judged(written(tmp_path, template), replace(DECLARED))

    assert untold["INF-041"].verdict is Verdict.INCONCLUSIVE, untold["INF-041"]
    assert told["INF-041"].verdict is Verdict.PASSED, told["INF-041"]


@pytest.mark.parametrize(
    "change",
    [
        {"Transform": "AWS::Serverless-2016-10-31"},
        {"Resources": {"F": {"Type": "AWS::Serverless::Function", "Properties": {}}}},
    ],
)
def test_template_that_is_to_be_expanded_is_refused(tmp_path: Path, change: dict[str, Any]) -> None:
    """What a transformation makes of a template is not in it, and is not passed over."""
    template = template_of(promised(DECLARED))
    whole = {**template, **change, "Resources": {**template["Resources"], **change.get("Resources", {})}}

    with pytest.raises(PlanError, match="give the template as CloudFormation expands it"):
        read_plan(written(tmp_path, whole), DECLARED)


@pytest.mark.parametrize("declared", [True, False])
@pytest.mark.parametrize("path", ["/mlops/", {"Ref": "Under"}])
def test_role_under_a_path_has_it_in_its_arn(tmp_path: Path, path: Any, declared: bool) -> None:
    """A denial of all but the role by its ARN spares the role, whose path is a part of it; an unknown path is told."""
    template = template_of(promised(DECLARED))
    template["Parameters"]["Under"] = {"Type": "String"}
    template["Resources"]["Server"]["Properties"]["Path"] = path
    others = {"ArnNotEquals": {"aws:PrincipalArn": {"Fn::GetAtt": ["Server", "Arn"]}}}
    denial = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*", "Condition": others}
    template["Resources"]["Policy"]["Properties"]["PolicyDocument"]["Statement"].append(denial)
    name = DECLARED.role.rpartition("/")[2]
    mine = replace(DECLARED, role=f"arn:aws:iam::{ACCOUNT}:role/mlops/{name}") if declared else None
    found = judged(written(tmp_path, template), mine)["INF-011"]

    if isinstance(path, str):
        assert found.verdict is Verdict.PASSED, found
    else:
        assert found.verdict in {Verdict.INCONCLUSIVE, Verdict.INAPPLICABLE}, found


def test_key_that_is_perhaps_enabled_is_inconclusive(tmp_path: Path) -> None:
    """A key that a parameter enables is neither enabled nor disabled before that is given."""
    declared = with_kms()
    template = template_of(promised(declared))
    template["Parameters"]["On"] = {"Type": "String"}
    key = next(each for each in template["Resources"].values() if each["Type"] == "AWS::KMS::Key")
    key["Properties"]["Enabled"] = {"Ref": "On"}

    assert judged(written(tmp_path, template), declared)["INF-014"].verdict is Verdict.INCONCLUSIVE


ODD = [
    *("x", 5, ["x"], {"a": "b"}, {"Ref": "U"}, [{"Ref": "U"}], {"Fn::If": ["No", {}, {}]}),
    *({"Fn::Sub": ["${A}", ["x"]]}, {"Fn::Sub": ["${A}", {"Ref": "U"}]}, {"Fn::Sub": {"a": 1}}, {"Fn::Sub": []}),
    *({"Fn::Select": [0, 5]}, {"Fn::Join": [{"Ref": "U"}]}, {"Fn::FindInMap": 5}, {"Fn::Split": ["", "a"]}, ""),
]
PLACES = [
    "Conditions",
    "Mappings",
    "Parameters",
    "Resources.N.Properties.NotificationConfiguration",
    "Resources.N.Properties.NotificationConfiguration.LambdaFunctionConfigurations",
    "Resources.L.Properties.RetentionInDays",
    "Resources.K.Properties.Enabled",
    "Resources.K.Properties.KeyPolicy",
    "Resources.Server.Properties.Path",
    "Resources.Server.Properties.Policies",
    "Resources.Server.Properties.AssumeRolePolicyDocument",
    "Resources.Artifacts.Properties",
    "Resources.Artifacts.Properties.Tags",
    "Resources.Artifacts.Properties.AccessControl",
    "Resources.Artifacts.Properties.VersioningConfiguration.Status",
    "Resources.Artifacts.Properties.BucketEncryption.ServerSideEncryptionConfiguration",
    "Resources.Artifacts.Properties.PublicAccessBlockConfiguration.BlockPublicAcls",
    "Resources.Artifacts.Properties.OwnershipControls.Rules",
    "Resources.Artifacts.Properties.LoggingConfiguration.LogFilePrefix",
    "Resources.Artifacts.Properties.ObjectLockConfiguration.Rule.DefaultRetention.Days",
    "Resources.Artifacts.Properties.ObjectLockConfiguration.Rule.DefaultRetention",
    "Resources.Artifacts.Properties.ReplicationConfiguration.Rules",
    "Resources.Artifacts.Properties.NotificationConfiguration.LambdaConfigurations",
    "Resources.Artifacts.Properties.IntelligentTieringConfigurations",
    "Resources.Artifacts.Properties.LifecycleConfiguration.Rules",
    *(
        f"Resources.Artifacts.Properties.LifecycleConfiguration.Rules.0.{name}"
        for name in ("ExpirationInDays", "ExpirationDate", "NoncurrentVersionExpiration", "Prefix", "Transitions")
    ),
]


@pytest.mark.parametrize("place", PLACES)
def test_odd_value_is_refused_or_unknown(tmp_path: Path, place: str) -> None:
    """Whatever stands in a place of a template is judged, or refused as no template: never another exception."""
    for odd in ODD:
        template = template_of(promised(DECLARED))
        template["Parameters"]["U"] = {"Type": "String"}
        notified = {"BucketName": DECLARED.bucket, "NotificationConfiguration": {}}
        template["Resources"] |= {
            "N": {"Type": "Custom::S3BucketNotifications", "Properties": notified},
            "L": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": next(iter(DECLARED.log_groups))}},
            "K": {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": {"Statement": []}}},
        }
        put(template, place.split("."), odd)
        try:
            judged(written(tmp_path, template), DECLARED)
        except PlanError as refused:
            assert str(refused)


def put(node: Any, steps: list[str], value: Any) -> None:
    """Put a value in a place of a document, and tables and rules on the way to it where there are none."""
    for step, following in zip(steps, [*steps[1:], ""], strict=True):
        if isinstance(node, list):
            node[:] = node or [{"Status": "Enabled", "Id": "a"}]
            node = node[int(step)]
        elif following:
            empty: Any = [] if following == "0" else {}
            node[step] = node.get(step) or empty
            node = node[step]
        else:
            node[step] = value


def test_key_that_is_no_text_and_a_name_in_a_circle(tmp_path: Path) -> None:
    """YAML has numbers for keys, and a name may refer to itself: neither ends in a traceback."""
    file = tmp_path / "t.yaml"
    file.write_text(
        "Resources:\n  B:\n    Type: AWS::S3::Bucket\n    Properties:\n      BucketName: !Ref B\n      Tags: {1: a}\n"
    )

    assert judged(file, DECLARED)["INF-004"].verdict is not Verdict.PASSED


@pytest.mark.parametrize(
    ("regions", "verdict"),
    [
        ([{"Bucket": {"Ref": "Artifacts"}}, {"Bucket": "elsewhere"}], Verdict.INCONCLUSIVE),
        ([{"Bucket": {"Ref": "U"}}], Verdict.INCONCLUSIVE),
        ({"Ref": "U"}, Verdict.INCONCLUSIVE),
        ([{"Bucket": "elsewhere"}], Verdict.PASSED),
    ],
)
def test_access_point_of_several_regions_is_inconclusive(tmp_path: Path, regions: Any, verdict: Verdict) -> None:
    """A bucket is reached by it under a policy that nothing here reads: that is no pass."""
    template = template_of(promised(DECLARED))
    template["Parameters"]["U"] = {"Type": "String"}
    point = {"Type": "AWS::S3::MultiRegionAccessPoint", "Properties": {"Name": "models", "Regions": regions}}
    template["Resources"]["Everywhere"] = point
    found = judged(written(tmp_path, template), DECLARED)["INF-025"]

    assert found.verdict is verdict, found
    assert verdict is Verdict.PASSED or "Everywhere" in found.actual
