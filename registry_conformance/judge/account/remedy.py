"""The lines of a remedy, with declared values in place of the words in capitals."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from registry_conformance.judge.account.reference import of_account, policy, rights, trust
from registry_conformance.judge.account.statement import write_policy
from registry_conformance.judge.target.account import Declared, ObservedAccount

_FIRST = "us-east-1"
"""The region whose buckets are made without a location."""


def filled(lines: str, declared: Declared, *, indent: int | None = None) -> str:
    """Return the lines for one account; undeclared values stay words in capitals.

    Documents are on one line, or indented as by ``terraform fmt``.
    """
    words = _words(declared)
    between = (", ", ": ") if indent is None else (",", " : ")
    whole = {name: json.loads(text) for name, text in documents(declared).items()}
    spelled = {name: json.dumps(each, indent=indent, separators=between) for name, each in whole.items()}
    every = re.compile(rf"\b({'|'.join((*words, *spelled))})\b")

    def line(text: str) -> str:
        margin = " " * (len(text) - len(text.lstrip()))
        meant = words | {name: document.replace("\n", f"\n{margin}") for name, document in spelled.items()}
        return every.sub(lambda word: meant[word[0]], text).rstrip()

    return "\n".join(map(line, lines.splitlines()))


def documents(declared: Declared) -> dict[str, str]:
    """Return the JSON documents that remedies set, by their word in capitals."""
    return {
        "BUCKET_POLICY": write_policy(policy(declared)),
        "KEY_POLICY": write_policy([of_account(declared)]),
        "ROLE_POLICY": write_policy(rights(declared)),
        "ROLE_TRUST": write_policy(trust(declared)),
        "LIFECYCLE": json.dumps(lifecycle(declared)),
        "ENCRYPTION": json.dumps(encryption(declared)),
    }


def encryption(declared: Declared) -> dict[str, list[Mapping[str, object]]]:
    """Return the declared default encryption in S3's form."""
    default = {"SSEAlgorithm": declared.encryption} | ({"KMSMasterKeyID": declared.kms_key} if declared.kms_key else {})
    rule = {"ApplyServerSideEncryptionByDefault": default}
    return {"Rules": [rule | ({"BucketKeyEnabled": True} if declared.kms_key else {})]}


def lifecycle(declared: Declared) -> dict[str, list[Mapping[str, object]]]:
    """Return the required lifecycle in S3's form."""
    whole: dict[str, object] = {"Status": "Enabled", "Filter": {"Prefix": ""}}
    replaced = {"NoncurrentVersionExpiration": {"NoncurrentDays": declared.noncurrent_days}}
    unfinished = {"AbortIncompleteMultipartUpload": {"DaysAfterInitiation": declared.abort_days}}
    rules: list[Mapping[str, object]] = [{"ID": "replaced-versions"} | whole | replaced]
    return {"Rules": [*rules, {"ID": "unfinished-uploads"} | whole | unfinished] if declared.abort_days else rules}


def aimed(line: str, account: ObservedAccount) -> str:
    """Return a command line with its endpoint, if that is not AWS's own."""
    program, _, rest = line.partition(" ")
    endpoint = account.s3_endpoint if rest.startswith(("s3 ", "s3api ")) else account.endpoint
    if program != "aws" or not endpoint or urlsplit(endpoint).netloc.endswith(f".{account.declared.domain}"):
        return line
    return f"aws --endpoint-url {endpoint} {rest}"


def _words(declared: Declared) -> dict[str, str]:
    log_bucket, log_prefix = declared.access_log or ("", "")
    group, days = next(iter(declared.log_groups.items()), ("", 0))
    key = f" --sse-kms-key-id {declared.kms_key}" if declared.kms_key else ""
    region = declared.region or "REGION"
    location = f"--create-bucket-configuration '{json.dumps({'LocationConstraint': region})}'"
    found = {
        "BUCKET": declared.bucket,
        "PREFIX": declared.prefix,
        "REGION": region,
        "ACCOUNT": declared.owner,
        "ROLE": declared.role.rpartition("/")[2],
        "KMS_KEY": declared.kms_key,
        "SSE_ALGORITHM": declared.encryption,
        "SSE_OPTIONS": f"--sse {declared.encryption}{key}",
        "NONCURRENT_DAYS": str(declared.noncurrent_days),
        "ABORT_DAYS": str(declared.abort_days),
        "LOG_BUCKET": log_bucket,
        "LOG_PREFIX": log_prefix,
        "LOG_GROUP": group,
        "LOG_DAYS": str(days or ""),
    }
    return {name: text or name for name, text in found.items()} | {"LOCATION": "" if region == _FIRST else location}
