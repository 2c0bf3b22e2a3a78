"""A bucket with its settings as blocks of its own, as configurations for version 3 of the AWS provider have them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from tests.account.plan_part import Part

UNTOLD = {"some-replaced-versions-stay": "how many noncurrent versions a rule keeps cannot be said there"}


def fold(parts: Iterable[Part]) -> list[Part]:
    """Return the parts of an account with all settings of the bucket in it that it had blocks for."""
    found = list(parts)
    blocks: dict[str, Any] = {}
    rest = []
    for part in found:
        name = part.type.removeprefix("aws_s3_bucket_")
        if name in _BLOCKS:
            blocks |= _BLOCKS[name](part.values)
        else:
            rest.append(part)
    return [
        Part(part.type, part.values | blocks, tuple({*part.computed} - {*blocks}), part.refers, part.label)
        if part.type == "aws_s3_bucket"
        else part
        for part in rest
    ]


def _versioning(values: dict[str, Any]) -> dict[str, Any]:
    found = values["versioning_configuration"][0]
    with_device = found["mfa_delete"] == "Enabled"
    return {"versioning": [{"enabled": found["status"] == "Enabled", "mfa_delete": with_device}]}


def _replication(values: dict[str, Any]) -> dict[str, Any]:
    rules = [
        {**rule, "destination": [{"bucket": into["bucket"], "account_id": into["account"]}]}
        for rule in values["rule"]
        for into in rule["destination"]
    ]
    return {"role": values["role"], "rules": rules}


def _lifecycle(values: dict[str, Any]) -> dict[str, Any]:
    return {"lifecycle_rule": [_rule(rule) for rule in values["rule"]]}


def _rule(rule: dict[str, Any]) -> dict[str, Any]:
    given = rule["filter"][0]
    both = given["and"][0] if given["and"] else {}
    ends = rule["noncurrent_version_expiration"]
    aborts = rule["abort_incomplete_multipart_upload"]
    return {
        "id": rule["id"],
        "enabled": rule["status"] == "Enabled",
        "prefix": both.get("prefix") or given["prefix"],
        "tags": both.get("tags"),
        "expiration": rule["expiration"],
        "transition": rule["transition"],
        "noncurrent_version_expiration": [{"days": ends[0]["noncurrent_days"]}] if ends else [],
        "noncurrent_version_transition": [],
        "abort_incomplete_multipart_upload_days": aborts[0]["days_after_initiation"] if aborts else None,
    }


_BLOCKS: Mapping[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "versioning": _versioning,
    "server_side_encryption_configuration": lambda values: {"server_side_encryption_configuration": [values]},
    "acl": lambda values: {"acl": values["acl"]},
    "lifecycle_configuration": _lifecycle,
    "logging": lambda values: {"logging": [values]},
    "request_payment_configuration": lambda values: {"request_payer": values["payer"]},
    "object_lock_configuration": lambda values: {"object_lock_configuration": [values]},
    "replication_configuration": lambda values: {"replication_configuration": [_replication(values)]},
    "policy": lambda values: {"policy": values["policy"]},
}
