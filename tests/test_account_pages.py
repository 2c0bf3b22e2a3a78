"""What an account tells on several pages is read to the end: what stands on the second is not taken for absent."""

from __future__ import annotations

import boto3
from botocore.stub import Stubber

from registry_conformance.judge.account.fact import Known
from registry_conformance.judge.account.observe.bucket import _keeping
from registry_conformance.judge.account.observe.key import observe_key
from tests.account.moto_account import REGION, with_kms

SESSION = boto3.Session("AKIAEXAMPLE", "a-secret", region_name=REGION)
DECLARED = with_kms()


def archive(name: str) -> dict[str, object]:
    """Return a configuration that archives everything."""
    return {"Id": name, "Status": "Enabled", "Tierings": [{"Days": 90, "AccessTier": "ARCHIVE_ACCESS"}]}


def test_grants_of_the_second_page_are_read() -> None:
    """A key's grants are fifty a page; whoever stands on the second holds one too."""
    kms = SESSION.client("kms")
    key = {"KeyId": DECLARED.kms_key}
    with Stubber(kms) as answers:
        answers.add_response("describe_key", {"KeyMetadata": {"KeyId": "k", "KeyState": "Enabled"}}, key)
        answers.add_response("get_key_policy", {"Policy": '{"Statement": []}'}, {**key, "PolicyName": "default"})
        first, second = ({"Grants": [{"GranteePrincipal": name}]} for name in ("arn:first", "arn:second"))
        answers.add_response("list_grants", {**first, "Truncated": True, "NextMarker": "more"}, key)
        answers.add_response("list_grants", {**second, "Truncated": False}, {**key, "Marker": "more"})
        found = observe_key(kms, DECLARED)

    assert isinstance(found, Known)
    assert found.value.grants == Known(("arn:first", "arn:second"))


def test_archive_tiers_of_the_second_page_are_read() -> None:
    """Archive configurations are a hundred a page; one of the second archives as well."""
    s3 = SESSION.client("s3")
    bucket = {"Bucket": DECLARED.bucket}
    listed = "list_bucket_intelligent_tiering_configurations"
    pages = [{"IntelligentTieringConfigurationList": [archive(name)]} for name in ("first", "second")]
    with Stubber(s3) as answers:
        answers.add_client_error("get_object_lock_configuration", "ObjectLockConfigurationNotFoundError")
        answers.add_client_error("get_bucket_replication", "ReplicationConfigurationNotFoundError")
        answers.add_response("get_bucket_request_payment", {"Payer": "BucketOwner"}, bucket)
        answers.add_response(listed, {**pages[0], "IsTruncated": True, "NextContinuationToken": "more"}, bucket)
        answers.add_response(listed, {**pages[1], "IsTruncated": False}, {**bucket, "ContinuationToken": "more"})
        found = _keeping(s3, DECLARED)["tiering"]

    assert isinstance(found, Known)
    assert [each.name for each in found.value] == ["first", "second"]
