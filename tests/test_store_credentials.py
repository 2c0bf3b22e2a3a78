"""What looks wrong with AWS credentials in the user's environment is told where the client would use them."""

from __future__ import annotations

import pytest

from registry_conformance.judge.diagnosis.preflight import store_credentials
from registry_conformance.judge.diagnosis.preflight.store_credentials import IN_ORDER

LONG, SESSION, OTHER = {"AWS_ACCESS_KEY_ID": "AKIA1"}, {"AWS_ACCESS_KEY_ID": "ASIA1"}, {"AWS_ACCESS_KEY_ID": "minio1"}
SECRET, TOKEN = {"AWS_SECRET_ACCESS_KEY": "s"}, {"AWS_SESSION_TOKEN": "t"}


@pytest.mark.parametrize(
    ("environment", "told"),
    [
        ({}, ""),
        ({"AWS_PROFILE": "research"}, IN_ORDER),
        (LONG | SECRET, IN_ORDER),
        (SESSION | SECRET | TOKEN, IN_ORDER),
        (SESSION | SECRET | TOKEN | {"AWS_CREDENTIAL_EXPIRATION": "2999-01-01T00:00:00Z"}, IN_ORDER),
        (SESSION | SECRET | TOKEN | {"AWS_CREDENTIAL_EXPIRATION": "soon"}, IN_ORDER),
        (OTHER | SECRET, IN_ORDER),
        (LONG, "no AWS_SECRET_ACCESS_KEY"),
        (LONG | SECRET | TOKEN, "unset AWS_SESSION_TOKEN"),
        (OTHER | SECRET | TOKEN, "if that is left over"),
        (SESSION | SECRET, "AWS_SESSION_TOKEN is not set"),
        (SESSION | SECRET | TOKEN | {"AWS_CREDENTIAL_EXPIRATION": "2020-01-02T03:04:05Z"}, "ended at 2020-01-02 03:04"),
    ],
)
def test_a_session_that_is_left_over_or_ended_is_told(
    environment: dict[str, str], told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A token of a session belongs to that session's key alone, and ends with it."""
    monkeypatch.setattr(store_credentials, "variable", environment.get)
    said = store_credentials.store_credentials()
    assert told in said
    assert bool(told) is bool(said)
