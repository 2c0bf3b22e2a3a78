"""What ``~/.mlflow/credentials`` has is used as the MLflow client uses it: before a token, which is told."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from registry_conformance.cli.main import run
from registry_conformance.judge.live.address import environment_at
from registry_conformance.judge.live.credentials import credential_of
from registry_conformance.judge.live.credentials_file import usual_login
from registry_conformance.judge.live.environment.error import EnvironmentFileError
from registry_conformance.judge.target.credential import Password
from tests.web_answers import Answer, guarded, site

TOKEN = "a-token-of-mine"
REFUSED = Answer(401, {"error_code": "UNAUTHENTICATED", "message": "this password is no good"})
BOTH = "[mlflow]\nmlflow_tracking_username = me\nmlflow_tracking_password = a-password-of-mine\n"


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of the MLflow client in a home of its own."""
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("USERNAME", "PASSWORD", "TOKEN"):
        monkeypatch.delenv(f"MLFLOW_TRACKING_{name}", raising=False)
    (tmp_path / ".mlflow").mkdir()
    return tmp_path / ".mlflow" / "credentials"


@pytest.mark.parametrize(
    ("text", "variables", "found"),
    [
        (BOTH, {}, ("me", "a-password-of-mine")),
        (BOTH, {"USERNAME": "you"}, ("you", "a-password-of-mine")),
        (BOTH, {"USERNAME": "you", "PASSWORD": "another"}, ("you", "another")),
        ("[mlflow]\nmlflow_tracking_username = me\n", {}, ("", "")),
        ("[mlflow]\nmlflow_tracking_username = me\n", {"PASSWORD": "another"}, ("me", "another")),
        ("[other]\nmlflow_tracking_username = me\n", {}, ("", "")),
    ],
)
def test_file_is_read_as_the_client_reads_it(
    file: Path, monkeypatch: pytest.MonkeyPatch, text: str, variables: dict[str, str], found: tuple[str, str]
) -> None:
    """Each of the two comes from its variable, or else from the file; one alone is none."""
    file.write_text(text)
    for name, value in variables.items():
        monkeypatch.setenv(f"MLFLOW_TRACKING_{name}", value)
    login = usual_login()

    assert (login.user, login.password) == found
    assert bool(login.where) is bool(login.user)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("no such form", "no INI file"),
        ("[mlflow]\nmlflow_tracking_password = half%of-a-secret\n", "%%"),
        (BOTH + "mlflow_tracking_username = again\n", "each entry once"),
    ],
)
def test_file_that_the_client_cannot_read_is_an_error_without_its_text(file: Path, text: str, reason: str) -> None:
    """Kind: every call of the MLflow client ends with the error of the module that reads its file."""
    file.write_text(text)

    with pytest.raises(EnvironmentFileError) as problem:
        usual_login()
    assert reason in str(problem.value)
    assert "secret" not in str(problem.value)


def test_login_of_the_file_is_used_at_an_address(file: Path) -> None:
    """An environment without a file sends what the MLflow client would, and names its file, not its secret."""
    file.write_text(BOTH)
    basic = base64.b64encode(b"me:a-password-of-mine").decode()
    with site(guarded(f"Basic {basic}", REFUSED)) as there:
        environment = environment_at(there.url)
        writer = environment.keys["writer"]

        assert credential_of(environment, "keys.writer", writer) == Password("me", "a-password-of-mine")
        assert "a-password-of-mine" not in environment.model_dump_json()
        file.write_text("[mlflow]\nmlflow_tracking_username = me\n")
        with pytest.raises(EnvironmentFileError, match=r"has no entry mlflow_tracking_password in \[mlflow\]"):
            credential_of(environment, "keys.writer", writer)


def test_file_that_spoils_a_good_token_ends_the_call(
    file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Kind: a client that sends something else than its user thinks. The file is named, and nothing of its secret."""
    file.write_text(BOTH)
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", TOKEN)
    with site(guarded(f"Bearer {TOKEN}", REFUSED)) as there:
        assert run(["doctor", f"--url={there.url}", "--read-only"]) == 4
    told = capsys.readouterr().err

    assert "~/.mlflow/credentials" in told and "remove" in told
    assert "a-password-of-mine" not in told


def test_signature_without_keys_is_an_error(
    file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Kind: a variable that another job left. The client signs then, and sends no token, whatever the door wants."""
    assert not file.exists()
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", TOKEN)
    monkeypatch.setenv("MLFLOW_TRACKING_AWS_SIGV4", "true")
    monkeypatch.delenv("AWS_ACCESS_KEY_ID", raising=False)

    assert run(["doctor", "--url=http://127.0.0.1:9", "--read-only"]) == 4
    assert "unset MLFLOW_TRACKING_AWS_SIGV4" in capsys.readouterr().err
