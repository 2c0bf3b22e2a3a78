"""Mutants of the deployment value: each field set to other sensible values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from types import MappingProxyType
from typing import Any

from registry_conformance.lab.deployment import CERTIFICATES, DOORS, REFERENCE, ROLES, FixedAnswer
from registry_conformance.lab.faults.change import anew, part
from registry_conformance.lab.stack import envoy
from registry_conformance.lab.stack.request import KEY_STATES, SERVICES
from registry_conformance.proof.mutants.families import header_tokens
from registry_conformance.proof.mutants.mutant import Mutant, shortened

_LAYERS: Mapping[str, str] = MappingProxyType(
    {"proxy": "proxy", "auth": "auth", "keys": "keys", "mlflow": "mlflow", "client": "client"}
)
"""Part of the deployment value -> the layer in which a wrong setting of it is mended."""
_REST = "/api/2.0/mlflow"
_HEADERS = (
    *("authorization", "content-type", "content-length", "x-request-id", "range", "accept", "accept-encoding"),
    *("if-none-match", "expect", "x-forwarded-host", "x-hokusai-user-id", "x-hokusai-api-key-id"),
)
_ANSWER_HEADERS = (
    *("content-type", "content-length", "content-disposition", "etag", "x-request-id", "www-authenticate"),
    *("retry-after", "location", "x-content-type-options", "accept-ranges", "last-modified"),
)
ROLE_ACTIONS = (
    *("s3:PutObject", "s3:GetObject", "s3:DeleteObject", "s3:ListBucket", "s3:AbortMultipartUpload"),
    *("s3:ListMultipartUploadParts", "s3:ListBucketMultipartUploads", "s3:GetBucketLocation"),
)
"""The S3 actions that the role of the deployment has and may lack."""
_RETRIES = ("5xx", "gateway-error", "reset", "retriable-4xx", "connect-failure", "refused-stream")


def _unguarded() -> Iterator[tuple[str, ...]]:
    paths = ("/health", "/version", "/graphql", f"{_REST}/experiments/search", f"{_REST}/registered-models/")
    more = ("/api/2.0/mlflow-artifacts/", "/get-artifact", "/ajax-api/2.0/mlflow/", "/")
    for path in (*paths, *more):
        yield (f"(?:{'|'.join(DOORS.values())}){path}",)
    for door in filter(None, DOORS.values()):
        yield (door,)


def _answers() -> Iterator[FixedAnswer]:
    for status in (200, 204, 301, 400, 401, 403, 404, 418, 429, 500, 502, 503):
        yield FixedAnswer(status, '{"detail": "none"}')
    for body in ("", "null", "[]", "{}", '{"is_valid": "true"}', '{"is_valid": true}', '{"is_valid": false}', "<html>"):
        yield FixedAnswer(200, body)
    valid = '{"is_valid": true, "key_id": "k", "user_id": "u", "service_id": "%s", "scopes": %s}'
    for scopes in ('["mlflow:read"]', '["mlflow:write"]', "[]", '["*"]', '"mlflow:write"', "null"):
        yield FixedAnswer(200, valid % ("platform", scopes))
    yield FixedAnswer(200, valid % ("another", '["mlflow:write"]'))


def _others() -> Mapping[str, Iterable[Any]]:
    """Return ``part.field`` -> other values, for fields whose type does not suggest any."""
    known = envoy.families()
    states = (*KEY_STATES, *SERVICES)
    environment: tuple[tuple[str, str], ...] = (
        ("MLFLOW_SERVER_ALLOWED_HOSTS", "registry.invalid"),
        ("MLFLOW_SERVER_CORS_ALLOWED_ORIGINS", "*"),
        ("MLFLOW_SERVER_DISABLE_SECURITY_MIDDLEWARE", "true"),
        ("MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD", "false"),
        ("_MLFLOW_STATIC_PREFIX", "/mlflow"),
        ("AWS_MAX_ATTEMPTS", "1"),
        ("AWS_ACCESS_KEY_ID", "AKNOBODY"),
        ("AWS_SECRET_ACCESS_KEY", "wrong"),
        ("AWS_SESSION_TOKEN", "wrong"),
        ("AWS_DEFAULT_REGION", "eu-west-1"),
        ("MLFLOW_S3_ENDPOINT_URL", "http://127.0.0.1:1"),
        ("MLFLOW_S3_UPLOAD_EXTRA_ARGS", '{"StorageClass": "GLACIER"}'),
        ("REGISTRY_STORE_TIMEOUT_SECONDS", "0.01"),
    )
    return {
        "proxy.unrouted": [frozenset({name}) for name in known],
        "proxy.unrouted_at": [frozenset({(door, name)}) for door in DOORS for name in known],
        "proxy.strips": [((door, wrong),) for door in DOORS for wrong in DOORS.values() if wrong != DOORS[door]],
        "proxy.unguarded": list(_unguarded()),
        "proxy.request_headers": [((name, None),) for name in _HEADERS]
        + [((name, "mutated"),) for name in ("authorization", "content-type", "x-hokusai-user-id", "x-request-id")],
        "proxy.answer_headers": [((name, None),) for name in _ANSWER_HEADERS]
        + [((name, "mutated"),) for name in ("content-type", "x-request-id", "location")],
        "proxy.host": ["registry.invalid", "127.0.0.1"],
        "proxy.body_limit": [1 << power for power in (10, 16, 20, 24, 27, 30, 32)],
        "proxy.buffer": [1 << power for power in (10, 16, 20, 24)],
        "proxy.status_on_error": [200, 401, 403, 500, 502],
        "proxy.upstream": ["127.0.0.1:1", "mlflow.invalid:5000"],
        "proxy.retry_on": list(_RETRIES),
        "proxy.tls_floor": ["TLSv1_0", "TLSv1_1", "TLSv1_3"],
        "proxy.certificate": [name for name in CERTIFICATES if name != "current"],
        "auth.service_id": ["ml-platform", "another-service", "PLATFORM"],
        "auth.policy": [],  # the policy file has rules of its own
        "auth.restarts": [],  # another process is no other deployment
        "keys.answer": list(_answers()),
        "keys.revoked": [frozenset({name}) for name in ROLES],
        "keys.believed": [frozenset({name}) for name in states],
        "mlflow.destination": [
            None,
            "s3://{bucket}",
            "s3://{bucket}/{prefix}/{prefix}",
            "s3://no-such-bucket-anywhere/{prefix}",
            "./mlartifacts",
        ],
        "mlflow.default_root": ["s3://{bucket}/{prefix}", "mlruns", "mlflow-artifacts:/other", "file:///tmp/none"],
        "mlflow.environment": [(pair,) for pair in environment],
        "mlflow.denied": [frozenset({action}) for action in ROLE_ACTIONS],
        "client.variables": [
            ((name, value),)
            for name, value in (
                ("MLFLOW_TRACKING_TOKEN", "nobody"),
                ("MLFLOW_TRACKING_USERNAME", "somebody"),
                ("MLFLOW_HTTP_REQUEST_TIMEOUT", "0"),
            )
        ]
        + [(("HTTP_PROXY", "http://127.0.0.1:1"), ("NO_PROXY", ""), ("no_proxy", ""))],
        "client.netrc": ["machine {host} login somebody password wrong"],
        "client.key": [name for name in (*ROLES, *states) if name != "writer"],
    }


def mutants() -> Iterator[Mutant]:
    """Yield the mutants of every field of every part, in the order of the fields."""
    others = _others()
    for name, layer in _LAYERS.items():
        value = getattr(REFERENCE, name)
        for field in fields(value):
            place = f"{name}.{field.name}"
            now = getattr(value, field.name)
            for other in others.get(place) or () if place in others else _by_type(now):
                if other == now:
                    continue
                change = part(name, **{field.name: other})
                # An answer that the auth service believes already would hide what the key service says.
                change = anew(change) if name == "keys" else change
                how = f"{shortened(_said(now))} -> {shortened(_said(other))}"
                yield Mutant(layer, "setting", place, how, change, header_tokens(how))


def _by_type(value: Any) -> Iterator[Any]:
    """Yield other values of a setting by its type: inverted, off by one, doubled, halved, none, one member less."""
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int | float):
        yield from dict.fromkeys(type(value)(each) for each in (0, value / 2, value * 2, value - 1, value + 1, 1))
    elif isinstance(value, tuple):
        for left in value:
            yield tuple(each for each in value if each != left)
        if len(value) > 1:
            yield value[::-1]


def _said(value: Any) -> str:
    """Return a value in words that are the same in every process."""
    return f"{{{', '.join(sorted(map(repr, value)))}}}" if isinstance(value, frozenset) else repr(value)
