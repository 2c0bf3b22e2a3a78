"""What went wrong between MLflow and the store while one request was served.

boto3 tells of every S3 call once it is over, its retries included. Which request a call belongs to is known by a
context variable, which thread pools do not carry by themselves.
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import ContextVar, copy_context
from dataclasses import dataclass
from typing import Any

import boto3
import botocore.session
from botocore.config import Config
from botocore.exceptions import HTTPClientError

PASSING = frozenset({"InternalError", "RequestTimeout", "ServiceUnavailable", "SlowDown", "Throttling"})
"""S3's error codes for trouble of its own, of whatever status."""
LASTING = frozenset(
    {"InsufficientStorage", "NotImplemented", "QuotaExceeded", "XMinioAdminBucketQuotaExceeded", "XMinioStorageFull"}
)
"""S3's error codes for what no second attempt mends, of whatever status."""
_PASSING_STATUSES = frozenset({500, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class StoreFault:
    """One S3 call that failed, or needed more than one attempt (then ``code`` is empty).

    ``code`` is S3's error code, or the name of what happened to the connection; ``message`` is S3's own, and empty
    where nobody answered; ``unavailable`` is whether the store, not the request, is to blame.
    """

    operation: str
    bucket: str
    key: str
    code: str
    message: str
    attempts: int
    unavailable: bool


_faults: ContextVar[list[StoreFault] | None] = ContextVar("faults", default=None)


def gathered() -> list[StoreFault]:
    """Return the list that the faults of the request at hand are gathered in, from now on."""
    faults: list[StoreFault] = []
    _faults.set(faults)
    return faults


def watch(timeout: float) -> None:
    """Watch every S3 client that boto3 makes from now on, and bound each of its waits, in seconds."""
    session = botocore.session.get_session()
    session.set_default_client_config(Config(connect_timeout=timeout, read_timeout=timeout))
    session.register("before-parameter-build.s3", _asked)
    session.register("after-call.s3", _answered)
    session.register("after-call-error.s3", _unanswered)
    boto3.setup_default_session(botocore_session=session)
    _carry_context()


def _carry_context() -> None:
    """Have thread pools run what they are given in the context of who gave it: boto3 and MLflow move bytes in pools."""
    plain = ThreadPoolExecutor.submit

    def submit(self: ThreadPoolExecutor, work: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        return plain(self, copy_context().run, work, *args, **kwargs)

    ThreadPoolExecutor.submit = submit  # type: ignore[assignment]  # the same call, in a context


def _asked(params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
    context["registry"] = params.get("Bucket", ""), params.get("Key", params.get("Prefix", ""))


def _answered(http_response: Any, parsed: dict[str, Any], model: Any, context: dict[str, Any], **_: Any) -> None:
    attempts = 1 + parsed.get("ResponseMetadata", {}).get("RetryAttempts", 0)
    error = parsed.get("Error", {}) if http_response.status_code >= 300 else {}
    if not error and attempts == 1:
        return
    code = str(error.get("Code", ""))
    _note(model.name, context, code, str(error.get("Message", "")), attempts, _passes(http_response.status_code, code))


def _passes(status: int, code: str) -> bool:
    """Return whether what the store answers passes by itself: a client may be asked to try again only then."""
    return code not in LASTING and (code in PASSING or status in _PASSING_STATUSES)


def _unanswered(exception: Exception, context: dict[str, Any], event_name: str, **_: Any) -> None:
    attempts = context.get("retries", {}).get("attempt", 1)
    code = type(exception).__name__
    _note(event_name.rpartition(".")[2], context, code, "", attempts, isinstance(exception, HTTPClientError))


def _note(operation: str, context: dict[str, Any], code: str, message: str, attempts: int, passing: bool) -> None:
    faults = _faults.get()
    if faults is not None:
        bucket, key = context.get("registry", ("", ""))
        faults.append(StoreFault(operation, bucket, key, code, message, attempts, bool(code) and passing))
