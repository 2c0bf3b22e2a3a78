"""The credentials with which the MLflow client sends artifacts to a bucket itself, and what looks wrong with them."""

from __future__ import annotations

from datetime import UTC, datetime

from registry_conformance.judge.machine import variable

IN_ORDER = "in order"
"""What is said of credentials that nothing is seen to be wrong with."""
_SOURCES = (
    "AWS_ACCESS_KEY_ID",
    "AWS_PROFILE",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
)
_ENDS = ("AWS_CREDENTIAL_EXPIRATION", "AWS_SESSION_EXPIRATION")
"""Where programs that sign in write when a session ends (``aws configure export-credentials``, aws-vault)."""
_OF_A_SESSION, _LONG_LIVED = "ASIA", "AKIA"
"""How the access keys of AWS begin (IAM's unique identifiers); stores of other makers have others."""
_ALONE = "the environment has AWS_ACCESS_KEY_ID and no AWS_SECRET_ACCESS_KEY: the client does not use it"
_HALF = (
    "AWS_ACCESS_KEY_ID in the environment is that of a session (it begins with ASIA), and AWS_SESSION_TOKEN is not "
    "set: the store refuses the one without the other"
)
_LEFT_OVER = (
    "the environment has AWS_SESSION_TOKEN beside a long-lived AWS_ACCESS_KEY_ID (it begins with AKIA), which has "
    "none: it is left over from another login, and the store refuses both together (InvalidToken): unset "
    "AWS_SESSION_TOKEN"
)
_MAY_BE_LEFT_OVER = (
    "the environment has AWS_SESSION_TOKEN beside AWS_ACCESS_KEY_ID: if that is left over from another login, or its "
    "session is over, the store refuses it (InvalidToken, InvalidTokenId, ExpiredToken): then unset it, or sign in "
    "anew"
)


def store_credentials() -> str:
    """Return how AWS credentials in the user's environment look, empty if it names none."""
    if not any(map(_given, _SOURCES)):
        return ""
    if ended := _ended():
        return f"the session of its AWS credentials ended at {ended:%Y-%m-%d %H:%M} UTC: sign in anew"
    access, token = _given("AWS_ACCESS_KEY_ID"), bool(_given("AWS_SESSION_TOKEN"))
    of_a_session = access.startswith(_OF_A_SESSION)
    doubts = (
        (access and not _given("AWS_SECRET_ACCESS_KEY"), _ALONE),
        (of_a_session and not token, _HALF),
        (access.startswith(_LONG_LIVED) and token, _LEFT_OVER),
        (access and token and not of_a_session, _MAY_BE_LEFT_OVER),
    )
    return next((words for doubtful, words in doubts if doubtful), IN_ORDER)


def _ended() -> datetime | None:
    """Return when a session ended, ``None`` if it did not or nothing says so."""
    for said in filter(None, map(_given, _ENDS)):
        try:
            moment = datetime.fromisoformat(said)
        except ValueError:
            continue
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        if moment < datetime.now(UTC):
            return moment.astimezone(UTC)
    return None


def _given(name: str) -> str:
    return (variable(name) or "").strip()
