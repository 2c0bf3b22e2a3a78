"""An AWS account on loopback: moto, with four things of AWS that it lacks.

IAM's policy simulator decides by moto's own policy engine, which shares nothing with ours; a bucket is denied to
whoever expects another owner of it; settings of buckets that moto forgets are kept; and so are selections of backups,
access grants and batch jobs.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import boto3
import httpx
import pytest
from botocore.config import Config
from moto import backends
from moto.core.responses import ActionResult
from moto.iam.access_control import IAMPolicy, PermissionResult
from moto.iam.responses import IamResponse
from moto.s3.exceptions import S3AccessDeniedError
from moto.s3.models import s3_backends
from moto.s3.responses import S3Response
from moto.server import ThreadedMotoServer

from registry_conformance.judge.account.statement import read_policy
from registry_conformance.judge.clients.aws import at_one_host
from registry_conformance.judge.target.account import Declared, Identity, ObservedAccount
from registry_conformance.lab.faults.accounts.fault import AccountFault
from tests.account.moto_at_once import Application, call_at_once
from tests.account.moto_outlets import add_outlets

ACCOUNT, STRANGER = "123456789012", "999999999999"
REGION = "eu-west-1"
KEY_ID, SECRET = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI-K7MDENG-bPxRfiCYEXAMPLEKEY"
SESSION = boto3.Session()
DECLARED = Declared(
    bucket="hokusai-mlflow-artifacts-staging",
    region=REGION,
    account=ACCOUNT,
    role=f"arn:aws:iam::{ACCOUNT}:role/hokusai-mlflow-staging",
    trusted=("ecs-tasks.amazonaws.com",),
    access_log=("hokusai-access-logs", "mlflow-artifacts/"),
    log_groups={"/ecs/hokusai-mlflow-staging": 30},
)
KMS_KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"


def with_kms() -> Declared:
    """Return the same declaration, with a KMS key."""
    return replace(DECLARED, encryption="aws:kms", kms_key=KMS_KEY)


def with_identity() -> Declared:
    """Return the same declaration, with a service account of Kubernetes in the place of the service."""
    provider = f"arn:aws:iam::{ACCOUNT}:oidc-provider/oidc.eks.{REGION}.amazonaws.com/id/1A2B3C"
    identity = Identity(provider, "system:serviceaccount:mlflow:mlflow", "sts.amazonaws.com")
    return replace(DECLARED, trusted=(), identities=(identity,))


def _results(policies: list[Any], action: str, resource: str) -> list[PermissionResult]:
    """Return what each of several policies says of an action on a resource."""
    return [IAMPolicy(policy).is_action_permitted(action, resource) for policy in policies]


def _decision(said: list[list[PermissionResult]]) -> str:
    """Return the decision in AWS's words, by what the role's policies and those of its boundary say."""
    if any(PermissionResult.DENIED in each for each in said):
        return "explicitDeny"
    return "allowed" if all(PermissionResult.PERMITTED in each for each in said) else "implicitDeny"


def declared_for(fault: AccountFault) -> Declared:
    """Return what is declared where a fault shows."""
    if fault.needs_refusal:
        return replace(DECLARED, refuse_customer_keys=True)
    if fault.needs_replicas:
        return replace(DECLARED, replicas=("models-elsewhere",))
    if fault.needs_kms:
        return with_kms()
    return with_identity() if fault.needs_identity else DECLARED


class Account:
    """The account behind a moto server at ``endpoint``."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint

    def access(self, declared: Declared, *, token: str = "", key_id: str = KEY_ID) -> ObservedAccount:
        """Return how the account is looked at."""
        return ObservedAccount(declared, key_id, SECRET, token, self.endpoint, self.endpoint)

    @functools.cache  # noqa: B019 - one account a process, and clients are dear
    def client(self, service: Any, account: str = ACCOUNT, region: str = REGION) -> Any:
        """Return a client of a service, as somebody of an account."""
        keys: dict[str, Any] = {"aws_access_key_id": KEY_ID, "aws_secret_access_key": SECRET}
        if account != ACCOUNT:
            role = f"arn:aws:iam::{account}:role/anybody"
            issued = self.client("sts").assume_role(RoleArn=role, RoleSessionName="anybody")["Credentials"]
            keys = {
                "aws_access_key_id": issued["AccessKeyId"],
                "aws_secret_access_key": issued["SecretAccessKey"],
                "aws_session_token": issued["SessionToken"],
            }
        config = Config(s3={"addressing_style": "path"}, proxies={}, retries={"total_max_attempts": 1})
        made = SESSION.client(service, endpoint_url=self.endpoint, region_name=region, config=config, **keys)
        if service == "s3control":
            made.meta.events.register("before-sign.s3-control", at_one_host)
        return made

    def reset(self) -> None:
        """Forget everything."""
        httpx.post(f"{self.endpoint}/moto-api/reset", trust_env=False).raise_for_status()

    def enforce_iam(self, *, on: bool) -> None:
        """From now on heed policies, or no longer."""
        initial = b"0" if on else b"inf"
        httpx.post(f"{self.endpoint}/moto-api/reset-auth", content=initial, trust_env=False).raise_for_status()


def simulate_principal_policy(self: IamResponse) -> ActionResult:
    """Answer ``SimulatePrincipalPolicy`` for one action on one resource, by moto's policy engine."""
    role = self.backend.get_role_by_arn(self._get_param("PolicySourceArn"))
    own: list[Any] = [*role.policies.values(), *role.managed_policies.values()]
    bounds = [[self.backend.get_policy(role.permissions_boundary_arn)]] if role.permissions_boundary_arn else []
    action, resource = self._get_param("ActionNames")[0], self._get_param("ResourceArns")[0]
    said = [_results(policies, action, resource) for policies in (own, *bounds)]
    given = {entry["ContextKeyName"].lower() for entry in self._get_param("ContextEntries") or ()}
    missing = sorted(_keys([*own, *itertools.chain.from_iterable(bounds)]) - given)
    decision = _decision(said)
    result = {"EvalActionName": action, "EvalDecision": decision, "MissingContextValues": missing}
    return ActionResult({"EvaluationResults": [result]})


def _keys(policies: list[Any]) -> set[str]:
    """Return the keys that conditions of policies ask for, small letters."""
    documents = [IAMPolicy(policy)._policy_json for policy in policies]
    return {key.lower() for found in documents for each in read_policy(found) for _, key, _ in each.conditions}


_KEPT = ("requestPayment", "intelligent-tiering", "replication", "versioning", "notification")
"""Settings of a bucket that moto forgets, or forgets parts of: kept as they were put, and given back so."""
_put, _get, _delete = (
    S3Response._bucket_response_put,
    S3Response._bucket_response_get,
    S3Response._bucket_response_delete,
)


def _kept(self: S3Response, query: dict[str, Any]) -> tuple[dict[str, dict[str, str]], str, str]:
    """Return what a bucket keeps, the setting that a query is about, and the id that it names."""
    bucket = self.backend.get_bucket(self.bucket_name)
    kept: dict[str, dict[str, str]] = bucket.__dict__.setdefault("_as_they_were_put", {})
    return kept, next((each for each in _KEPT if each in query), ""), (query.get("id") or [""])[0]


def put_setting(self: S3Response, request: Any, name: str, query: dict[str, Any]) -> Any:
    """Keep a setting."""
    kept, setting, key = _kept(self, query) if set(query) & {*_KEPT} else ({}, "", "")
    if setting:
        kept.setdefault(setting, {})[key] = self.body.decode()
    return (200, {}, "") if setting and setting != "versioning" else _put(self, request, name, query)


def get_setting(self: S3Response, name: str, query: dict[str, Any]) -> Any:
    """Give a setting back."""
    kept, setting, _ = _kept(self, query) if set(query) & {*_KEPT} else ({}, "", "")
    found = kept.get(setting, {})
    if not setting or (not found and setting in {"replication", "versioning", "notification"}):
        return _get(self, name, query)
    self._set_action("BUCKET", "GET", query)
    self._authenticate_and_authorize_s3_action(bucket_name=name)
    whole = "".join(each.partition("?>")[2] or each for each in found.values())
    if setting == "intelligent-tiering":
        return (
            200,
            {},
            f"<ListBucketIntelligentTieringConfigurationsOutput>{whole}</ListBucketIntelligentTieringConfigurationsOutput>",
        )
    return 200, {}, whole or "<RequestPaymentConfiguration><Payer>BucketOwner</Payer></RequestPaymentConfiguration>"


def delete_setting(self: S3Response, name: str, query: dict[str, Any]) -> Any:
    """Forget a setting."""
    kept, setting, key = _kept(self, query) if set(query) & {*_KEPT} else ({}, "", "")
    if not setting:
        return _delete(self, name, query)
    kept.get(setting, {}).pop(key, None)
    return 204, {}, ""


@contextmanager
def moto_account() -> Iterator[Account]:
    """Serve an account while the context lasts."""
    plain = S3Response.get_bucket_location

    def guarded(self: S3Response) -> Any:
        expected = self.headers.get("x-amz-expected-bucket-owner")
        owner = s3_backends.bucket_accounts.get(self.bucket_name, ("", expected))[1]
        if expected and expected != owner:
            raise S3AccessDeniedError
        return plain(self)

    application, endpoint = _server()
    _services()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(S3Response, "get_bucket_location", guarded)
        patch.setattr(S3Response, "_bucket_response_put", put_setting)
        patch.setattr(S3Response, "_bucket_response_get", get_setting)
        patch.setattr(S3Response, "_bucket_response_delete", delete_setting)
        patch.setattr(IamResponse, "simulate_principal_policy", simulate_principal_policy, raising=False)
        add_outlets(patch)
        call_at_once(patch, endpoint, application)
        patch.setattr(backends, "list_of_moto_modules", _services)
        account = _account(endpoint)
        account.reset()
        yield account


_account = functools.cache(Account)
"""One account a server, which keeps its clients."""


@functools.cache
def _services() -> list[str]:
    """Return the services that moto has: it looks at its folders for each request otherwise."""
    return [*backends.list_of_moto_modules()]


@functools.cache
def _server() -> tuple[Application, str]:
    """Return moto and where it is served: one server of a process, so that clients are made but once.

    It ends with the process; programs that a test starts reach it there.
    """
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    assert server._server is not None
    return server._server.app, f"http://{host}:{port}"
