"""A deployment by its address alone: the credential from the usual variables, and what the door says of itself."""

from __future__ import annotations

import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import trustme

from registry_conformance.judge.live.address import as_toml, described, environment_at
from registry_conformance.judge.live.environment.error import EnvironmentFileError
from registry_conformance.judge.live.reader import read
from registry_conformance.judge.live.target import target_of
from registry_conformance.judge.live.usual_key import usual_key
from registry_conformance.judge.target.credential import Password
from tests.web_answers import SEARCH_PATH, Answer, Answering, always, guarded, mlflow, site

pytestmark = pytest.mark.usefixtures("forked_throughout")

BASIC = "Basic YWRhOnNlY3JldC13b3Jk"
CREDENTIALS = ("TOKEN", "USERNAME", "PASSWORD", "AWS_SIGV4", "CLIENT_CERT_PATH", "SERVER_CERT_PATH")


REFUSALS = {
    401: Answer(401, "<html>who are you</html>"),
    403: Answer(403, "<html>who are you</html>"),
    302: Answer(302, "", {"Location": "https://accounts.example/login"}),
}


@contextmanager
def asking_for(wanted: str, refusal: int = 401) -> Iterator[str]:
    """Yield the URL of what answers as an MLflow does, to who sends this Authorization header."""
    with site(guarded(wanted, REFUSALS[refusal])) as there:
        yield there.url


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
    with site(mlflow) as there:
        environment = environment_at(there.url)

    assert (environment.doors["canonical"].policy, environment.keys) == ("open", {})


def test_password_is_used_where_it_is_asked_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A door that asks for a password is judged with the user's, and the file that is written says the same."""
    as_ada(monkeypatch)
    with asking_for(BASIC) as url:
        document, found = described(url)
    file = tmp_path / "written.toml"
    file.write_text(as_toml(document))
    target = target_of("written", read(file), None)

    assert (found.version, found.finding, found.open) == ("3.17.2", None, False)
    assert target.keys == {"writer": Password("ada", "secret-word")}
    assert "secret-word" not in file.read_text()


@pytest.mark.parametrize("refusal", [401, 403, 302])
def test_door_that_asks_says_how_to_give_a_credential(refusal: int) -> None:
    """Who has no credential where one is asked for is told which variables to set."""
    with (
        asking_for(BASIC, refusal) as url,
        pytest.raises(EnvironmentFileError, match="set MLFLOW_TRACKING_TOKEN to an API key"),
    ):
        environment_at(url)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("http://ho st/api/mlflow", "a space in it"),
        ("127.0.0.1:5000/api/mlflow", "the scheme is missing"),
        ("https://host/api/2.0/mlflow", "give the tracking URI without it: https://host"),
        ("https://ada:secret-word@host/api/mlflow", "it holds a user or a password"),
    ],
)
def test_text_that_is_no_address_is_refused(given: str, told: str) -> None:
    """What cannot be a tracking URI is refused with what one looks like, and no secret in it is repeated."""
    with pytest.raises(EnvironmentFileError) as refused:
        environment_at(given)
    assert told in str(refused.value)
    assert "secret-word" not in str(refused.value)


@pytest.mark.parametrize("around", [" {url}", "{url}/"])
def test_address_is_read_as_people_give_it(around: str) -> None:
    """White space before an address and a slash at its end are left out of the door."""
    with site(mlflow) as there:
        assert environment_at(around.format(url=there.url)).doors["canonical"].url == there.url


def test_scheme_that_the_port_does_not_speak_is_told() -> None:
    """Of http and https the address has the one that its port speaks, or is refused with the other."""
    authority = trustme.CA()
    secured = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(secured)
    with site(mlflow) as plain, pytest.raises(EnvironmentFileError, match=f"use {plain.url}"):
        environment_at(plain.url.replace("http:", "https:"))
    with site(mlflow, secured) as encrypted, pytest.raises(EnvironmentFileError, match=f"use {encrypted.url}"):
        environment_at(encrypted.url.replace("https:", "http:"))


@pytest.mark.parametrize(
    ("answering", "path", "told"),
    [
        (lambda asked: mlflow(asked, "/api/mlflow"), "/api/mlfow", "one answers at {url}/api/mlflow"),
        (always(Answer(200, "<title>Welcome to nginx!</title>")), "", "is not an MLflow server: it seems to be nginx"),
        (
            lambda asked: Answer(307, "", {"Location": f"http://elsewhere.example{asked.path}"}),
            "",
            "redirects (307) to another host, elsewhere.example",
        ),
    ],
)
def test_address_that_leads_to_no_mlflow_is_refused(
    monkeypatch: pytest.MonkeyPatch, answering: Answering, path: str, told: str
) -> None:
    """A typo in the path, another web server and a redirect elsewhere are told before anything is judged."""
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "hk_1234567")
    with site(answering) as there:
        with pytest.raises(EnvironmentFileError) as refused:
            environment_at(f"{there.url}{path}")
        assert told.format(url=there.url) in str(refused.value)


@pytest.mark.parametrize(
    "refusal",
    [
        Answer(401, "<center>nginx/1.22.1</center>", {"WWW-Authenticate": 'Basic realm="MLflow"'}),
        Answer(401, "You are not authenticated.", {"WWW-Authenticate": 'Basic realm="mlflow"'}),
        Answer(401, {"detail": "Invalid or expired API key"}),
        Answer(500, {"error_code": "INTERNAL_ERROR", "message": "no such table"}),
    ],
)
def test_what_is_wrong_behind_the_address_is_judged(monkeypatch: pytest.MonkeyPatch, refusal: Answer) -> None:
    """A refused key and a server that fails are verdicts of a run, and no mistake in the address."""
    as_ada(monkeypatch)
    with site(guarded("Basic another", refusal)) as there:
        document, found = described(there.url)
        assert environment_at(there.url).doors["canonical"].url == there.url
    assert found.finding is not None
    assert set(document["keys"]) == {"writer"}
    assert {each.path.partition("?")[0] for each in there.asked} >= {SEARCH_PATH}


def test_init_writes_a_file_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The command writes a file that works as written, does not write over one, and says where no MLflow answers."""
    as_ada(monkeypatch)
    file = tmp_path / "mine.toml"

    def init(url: str, to: Path) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "registry_conformance", "live", "init", "--url", url, "--to", str(to)]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    with asking_for(BASIC) as url:
        first, second = init(url, file), init(url, file)
    dead, wrong = init(url, tmp_path / "other.toml"), init(f"{url}/api/2.0/mlflow", tmp_path / "other.toml")

    assert first.returncode == 0, first.stderr
    assert read(file).doors["canonical"].url == url
    assert (second.returncode, "exists already" in second.stderr) == (4, True)
    assert dead.returncode == 6, dead.stderr
    assert "nothing listens at" in dead.stderr
    assert (wrong.returncode, f"give the tracking URI without it: {url}" in wrong.stderr) == (4, True)
    assert "secret-word" not in first.stdout + first.stderr + dead.stderr
