"""The bucket, what becomes of its objects, logs, and the server's role: observed in the account, or read from a plan.

``pytest suites/live --env=NAME`` asks the account that the environment's file declares under ``[infrastructure]``;
``pytest suites/live/test_infrastructure.py --plan=plan.json`` reads a plan and asks nobody.
"""

from __future__ import annotations

import pytest

from fixtures.accounts import Account
from fixtures.doors import one_door
from registry_conformance.judge.requirement import verifies

pytestmark = one_door


@verifies("INF-001")
def test_bucket_exists(account: Account) -> None:
    """The artifact bucket is there under its name."""
    account.conforms()


@verifies("INF-002")
def test_bucket_lies_in_its_region(account: Account) -> None:
    """The bucket lies in the declared region."""
    account.conforms()


@verifies("INF-003")
def test_bucket_is_the_accounts_own(account: Account) -> None:
    """The bucket belongs to the declared account."""
    account.conforms()


@verifies("INF-004")
def test_bucket_keeps_versions(account: Account) -> None:
    """The bucket keeps versions of its objects."""
    account.conforms()


@verifies("INF-005")
def test_bucket_encrypts(account: Account) -> None:
    """The bucket encrypts by default in the declared way."""
    account.conforms()


@verifies("INF-006")
def test_bucket_encrypts_with_its_key(account: Account) -> None:
    """The bucket encrypts by default with the declared KMS key."""
    account.conforms()


@verifies("INF-007")
def test_bucket_has_a_bucket_key(account: Account) -> None:
    """A bucket key spares KMS a request for each object."""
    account.conforms()


@verifies("INF-008")
def test_public_access_is_blocked(account: Account) -> None:
    """All four flags of the public access block are on."""
    account.conforms()


@verifies("INF-009")
def test_plain_http_is_refused(account: Account) -> None:
    """The bucket policy refuses every request without TLS."""
    account.conforms()


@verifies("INF-010")
def test_nobody_comes_in_from_outside(account: Account) -> None:
    """The bucket policy lets nobody in from outside the account."""
    account.conforms()


@verifies("INF-011")
def test_policy_lets_the_server_work(account: Account) -> None:
    """The bucket policy denies the server's role nothing it needs."""
    account.conforms()


@verifies("INF-012")
def test_acls_are_off(account: Account) -> None:
    """ACLs are off: the bucket's owner owns every object."""
    account.conforms()


@verifies("INF-013")
def test_acl_is_for_the_owner(account: Account) -> None:
    """The ACL of the bucket is for its owner alone."""
    account.conforms()


@verifies("INF-014")
def test_key_is_enabled(account: Account) -> None:
    """The KMS key is enabled, and not about to be deleted."""
    account.conforms()


@verifies("INF-015")
def test_key_is_the_accounts(account: Account) -> None:
    """Policy and grants of the KMS key let no stranger in."""
    account.conforms()


@verifies("INF-016")
def test_owner_pays(account: Account) -> None:
    """The bucket's owner pays for requests to it."""
    account.conforms()


@verifies("INF-017")
def test_models_are_not_copied_to_strangers(account: Account) -> None:
    """Objects are replicated to declared or own buckets alone."""
    account.conforms()


@verifies("INF-018")
def test_versions_are_deleted_without_a_device(account: Account) -> None:
    """MFA delete is off, so that versions can be deleted."""
    account.conforms()


@verifies("INF-019")
def test_customers_keys_are_refused(account: Account) -> None:
    """Uploads with a key of the client's are refused where that is declared."""
    account.conforms()


@verifies("INF-020")
def test_models_do_not_expire(account: Account) -> None:
    """No lifecycle rule expires current objects under the artifact prefix."""
    account.conforms()


@verifies("INF-021")
def test_replaced_versions_expire(account: Account) -> None:
    """Replaced versions expire after the declared days, not sooner."""
    account.conforms()


@verifies("INF-022")
def test_unfinished_uploads_are_aborted(account: Account) -> None:
    """Unfinished multipart uploads are aborted within the declared days."""
    account.conforms()


@verifies("INF-023")
def test_models_stay_readable(account: Account) -> None:
    """Nothing moves current artifacts into an archive."""
    account.conforms()


@verifies("INF-024")
def test_retention_ends_in_time(account: Account) -> None:
    """Object Lock retains no version for longer than is declared."""
    account.conforms()


@verifies("INF-025")
def test_no_access_point_lets_strangers_in(account: Account) -> None:
    """The bucket's access points let nobody in from outside the account."""
    account.conforms()


@verifies("INF-026")
def test_services_act_for_the_account_alone(account: Account) -> None:
    """Services of AWS come in for the account's own resources alone."""
    account.conforms()


@verifies("INF-027")
def test_nothing_that_is_called_deletes(account: Account) -> None:
    """No function that the bucket calls may delete artifacts."""
    account.conforms()


@verifies("INF-028")
def test_bucket_is_not_emptied_by_its_plan(account: Account) -> None:
    """A plan that removes the bucket does not delete the artifacts first."""
    account.conforms()


@verifies("INF-029")
def test_nothing_leads_out(account: Account) -> None:
    """Nothing takes artifacts, or their names, out of the account."""
    account.conforms()


@verifies("INF-030")
def test_requests_are_logged(account: Account) -> None:
    """Requests to the bucket are logged if that is declared."""
    account.conforms()


@verifies("INF-031")
def test_log_groups_exist(account: Account) -> None:
    """Every declared log group is there."""
    account.conforms()


@verifies("INF-032")
def test_log_lines_are_kept(account: Account) -> None:
    """Log groups keep their lines at least for the declared days."""
    account.conforms()


@verifies("INF-040")
def test_role_exists(account: Account) -> None:
    """The server's role is there under its name."""
    account.conforms()


@pytest.mark.parametrize(
    "action",
    [
        pytest.param("s3:GetObject", marks=verifies("INF-041")),
        pytest.param("s3:PutObject", marks=verifies("INF-042")),
        pytest.param("s3:DeleteObject", marks=verifies("INF-043")),
        pytest.param("s3:AbortMultipartUpload", marks=verifies("INF-044")),
        pytest.param("s3:ListMultipartUploadParts", marks=verifies("INF-045")),
        pytest.param("s3:ListBucket", marks=verifies("INF-046")),
        pytest.param("s3:GetBucketLocation", marks=verifies("INF-047")),
        pytest.param("s3:ListBucketMultipartUploads", marks=verifies("INF-048")),
    ],
)
def test_role_may(account: Account, action: str) -> None:
    """The server's role may do what the server needs to do."""
    assert action in account.sentence  # control: the requirement is the one on this action
    account.conforms()


@verifies("INF-049")
def test_role_may_do_nothing_else(account: Account) -> None:
    """The server's role may do no other action of S3."""
    account.conforms()


@verifies("INF-050")
def test_role_reaches_nothing_else(account: Account) -> None:
    """The server's role reaches nothing but bucket and artifact prefix."""
    account.conforms()


@verifies("INF-051")
def test_role_uses_no_other_service(account: Account) -> None:
    """The server's role may use no other service of AWS."""
    account.conforms()


@verifies("INF-052")
def test_role_may_use_the_key(account: Account) -> None:
    """The server's role may encrypt and decrypt with the declared key."""
    account.conforms()


@verifies("INF-053")
def test_role_is_trusted_rightly(account: Account) -> None:
    """Nobody but the declared services takes on the server's role."""
    account.conforms()


@verifies("INF-054")
def test_role_is_for_its_identities(account: Account) -> None:
    """No token but those of declared identities takes on the role."""
    account.conforms()


@verifies("INF-055")
def test_no_role_leads_strangers_in(account: Account) -> None:
    """Nobody from outside takes on a role of the account."""
    account.conforms()


@verifies("INF-056")
def test_no_role_reaches_artifacts_for_strangers(account: Account) -> None:
    """Nobody from outside comes to artifacts by the account's roles."""
    account.conforms()
