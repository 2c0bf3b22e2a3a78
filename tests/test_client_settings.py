"""Settings of the user's own MLflow client that stop it before or at a door are told, and no deployment is blamed."""

from __future__ import annotations

import pytest

from registry_conformance.cli.main import run
from tests.web_answers import Answer, guarded, site

TOKEN = "a-token-of-mine"
REFUSED = Answer(401, {"error_code": "UNAUTHENTICATED", "message": "this password is no good"})


def test_a_password_that_goes_before_a_good_token_ends_the_call(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Kind: a client that sends something else than its user thinks. The variables are named, and no secret."""
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", TOKEN)
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "ada")
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", "a-password-of-mine")
    with site(guarded(f"Bearer {TOKEN}", REFUSED)) as there:
        assert run(["doctor", f"--url={there.url}", "--read-only"]) == 4
    told = capsys.readouterr().err
    assert "instead of MLFLOW_TRACKING_TOKEN" in told and "unset them" in told
    assert "a-password-of-mine" not in told and TOKEN not in told


def test_a_key_that_no_header_carries_ends_the_call(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A key with a long dash from a document is the caller's to correct: it is not sent, and no answer is blamed."""
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "a\u2013key\u2013of\u2013mine")
    with site(guarded("Bearer x", REFUSED)) as there:
        assert run(["doctor", f"--url={there.url}", "--read-only"]) == 4
        assert there.asked == []
    assert "U+2013" in capsys.readouterr().err


def test_settings_that_exclude_each_other_end_the_call(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The MLflow client refuses a file of authorities beside no verification: so it never comes to the registry."""
    monkeypatch.setenv("MLFLOW_TRACKING_INSECURE_TLS", "true")
    monkeypatch.setenv("MLFLOW_TRACKING_SERVER_CERT_PATH", __file__)
    with site(guarded("Bearer x", REFUSED)) as there:
        assert run(["doctor", f"--url={there.url}", "--read-only"]) == 4
        assert there.asked == []
    assert "are both set" in capsys.readouterr().err
