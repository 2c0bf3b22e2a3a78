"""A deployment by its address alone: the credential from the usual variables, and what the door says of itself."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from registry_conformance.judge.live.address import as_toml, described, profile_at
from registry_conformance.judge.live.reader import ProfileError, read
from registry_conformance.judge.live.target import target_of
from registry_conformance.judge.live.usual_key import usual_key
from registry_conformance.judge.target.credential import Password
from tests.http_servers import served

BASIC = "Basic YWRhOnNlY3JldC13b3Jk"
CREDENTIALS = ("TOKEN", "USERNAME", "PASSWORD", "AWS_SIGV4", "CLIENT_CERT_PATH", "SERVER_CERT_PATH")


@contextmanager
def mlflow(wanted: str = "", refusal: int = 401) -> Iterator[str]:
    """Yield the URL of what answers as an MLflow does, to who sends this Authorization header."""

    class Handler(BaseHTTPRequestHandler):
        """Answers a search, a version, and nothing else."""

        def handle_any(self) -> None:
            """Answer one request."""
            self.rfile.read(int(self.headers.get("Content-Length", "0")))
            status, body = 404, b""
            if wanted and self.headers.get("Authorization") != wanted:
                status, body = refusal, b"<html>who are you</html>"
            elif self.path.endswith("/experiments/search"):
                status, body = 200, b'{"experiments": []}'
            elif self.path.endswith("/version"):
                status, body = 200, b"3.17.2"
            self.send_response(status)
            self.send_header("Location", "https://accounts.example/login")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = handle_any  # noqa: N815 - the base class's names

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            """Keep the console quiet."""

    with served(Handler) as url:
        yield url


@pytest.fixture(autouse=True)
def _no_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in CREDENTIALS:
        monkeypatch.delenv(f"MLFLOW_TRACKING_{name}", raising=False)


def as_ada(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give the MLflow client a user and a password."""
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "ada")
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", "secret-word")


def test_credential_is_the_one_that_the_client_prefers(monkeypatch: pytest.MonkeyPatch) -> None:
    """User and password come before a token, a signature before both, and secrets stay in their variables."""
    assert usual_key() == {}
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "hk_1234567")
    assert usual_key() == {"variable": "MLFLOW_TRACKING_TOKEN"}
    as_ada(monkeypatch)
    assert usual_key() == {"user": "ada", "password": {"variable": "MLFLOW_TRACKING_PASSWORD"}}
    monkeypatch.setenv("MLFLOW_TRACKING_AWS_SIGV4", "true")
    assert set(usual_key()) == {"sigv4"}


def test_open_door_is_judged_as_open(monkeypatch: pytest.MonkeyPatch) -> None:
    """A door that lets everybody in is open, even to who has a credential in a variable."""
    as_ada(monkeypatch)
    with mlflow() as url:
        profile = profile_at(url)

    assert (profile.doors["canonical"].policy, profile.keys) == ("open", {})


def test_password_is_used_where_it_is_asked_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A door that asks for a password is judged with the user's, and the file that is written says the same."""
    as_ada(monkeypatch)
    with mlflow(BASIC) as url:
        document, found = described(url)
    file = tmp_path / "written.toml"
    file.write_text(as_toml(document))
    target = target_of("written", read(file), None)

    assert (found.version, found.works, found.open) == ("3.17.2", True, False)
    assert target.keys == {"writer": Password("ada", "secret-word")}
    assert "secret-word" not in file.read_text()


@pytest.mark.parametrize("refusal", [401, 403, 302])
def test_door_that_asks_says_how_to_give_a_credential(refusal: int) -> None:
    """Who has no credential where one is asked for is told which variables to set."""
    with mlflow(BASIC, refusal) as url, pytest.raises(ProfileError, match="set MLFLOW_TRACKING_TOKEN to an API key"):
        profile_at(url)


def test_init_writes_a_file_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The command writes a file that works as written, does not write over one, and says where no MLflow answers."""
    as_ada(monkeypatch)
    file = tmp_path / "mine.toml"

    def init(url: str, to: Path) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "registry_conformance", "live", "init", "--url", url, "--to", str(to)]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    with mlflow(BASIC) as url:
        first, second = init(url, file), init(url, file)
    dead = init(url, tmp_path / "other.toml")

    assert first.returncode == 0, first.stderr
    assert read(file).doors["canonical"].url == url
    assert (second.returncode, "is there already" in second.stderr) == (4, True)
    assert dead.returncode == 6, dead.stderr
    assert "secret-word" not in first.stdout + first.stderr + dead.stderr
