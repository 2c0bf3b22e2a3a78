"""One API call to an AWS service, and the meaning of its response."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from registry_conformance.judge.account.fact import Absent, Fact, Known, Unreadable, Unsupported
from registry_conformance.judge.account.statement import PolicyError
from registry_conformance.judge.mismatch import PreconditionFailed

if TYPE_CHECKING:
    from botocore.exceptions import ClientError

T = TypeVar("T")

NOT_UNDERSTOOD = "what answers is no service of AWS, or does not know the question"
"""Why nothing is read of an answer that has not the form of AWS's answers."""
_EXPIRED = {"ExpiredToken", "ExpiredTokenException", "RequestExpired"}
_WRONG = {
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
    "InvalidToken",
    "AuthFailure",
}
_CLOCK = {"RequestTimeTooSkewed", "RequestInTheFuture"}
_UNSUPPORTED = {"NotImplemented", "XNotImplemented", "MethodNotAllowed", "InvalidAction", "UnknownOperationException"}


def ask(question: Callable[[], Mapping[str, Any]], read: Callable[[Any], T], *absent: str) -> Fact[T]:
    """Return ``read`` of a response; ``absent`` are the error codes that mean that it does not exist.

    Raises ``PreconditionFailed`` if the credentials are expired or invalid, or the service does not answer.
    """
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - only who looks at an account has it
    from botocore.parsers import ResponseParserError  # noqa: PLC0415 - as above

    try:
        answer = question()
    except ClientError as refusal:
        return _refused(refusal, absent)
    except ResponseParserError:
        return Unreadable(NOT_UNDERSTOOD)
    except BotoCoreError as problem:
        raise PreconditionFailed("an AWS service that answers", str(problem)) from problem
    try:
        return Known(read(answer))
    except PolicyError as problem:
        return Unreadable(f"it is no policy: {problem}")


def _refused(refusal: ClientError, absent: Collection[str]) -> Absent | Unreadable | Unsupported:
    code = str(refusal.response.get("Error", {}).get("Code", ""))
    status = refusal.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    asked = refusal.operation_name
    if code in absent:
        return Absent()
    if code in _EXPIRED:
        raise PreconditionFailed(
            "AWS credentials that are valid", f"{asked}: they have expired ({code}); take new ones"
        )
    if code in _WRONG:
        raise PreconditionFailed(
            "AWS credentials that are valid", f"{asked}: AWS does not know them ({code}); see what they are"
        )
    if code in _CLOCK:
        raise PreconditionFailed("a clock that is right", f"{asked}: AWS sees another time than this machine ({code})")
    if code in _UNSUPPORTED or status == 501:
        return Unsupported(f"{asked}: {code}")
    return Unreadable(f"{asked}: {code}")
