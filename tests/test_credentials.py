"""Credentials of every kind: what a request gets of them, what the MLflow client is told, and what must stay secret."""

from __future__ import annotations

import base64
import json
import sys
import time
from pathlib import Path

import pytest

from registry_conformance.judge.clients.mlflow_http import MlflowHttp
from registry_conformance.judge.clients.raw_bytes import Raw
from registry_conformance.judge.clients.sdk_credentials import client_variables
from registry_conformance.judge.clients.spoiled import Spoiling, spoiled
from registry_conformance.judge.evidence.recorder import Evidence
from registry_conformance.judge.mismatch import NotAllowed
from registry_conformance.judge.report.redact import Redactor
from registry_conformance.judge.target.credential import (
    AwsSignature,
    ClientCertificate,
    CommandToken,
    Credential,
    KeyHeader,
    Password,
    kind_of,
    secrets_of,
)
from registry_conformance.judge.target.target import Door, Target
from registry_conformance.judge.target.token import TokenError, taken, token_of
from tests.http_servers import echo

BASIC = "Basic " + base64.b64encode(b"ada:secret-word").decode()


def sent(key: Credential | None) -> dict[str, str]:
    """Return the headers that a server gets of a request by both raw clients, which are the same."""
    with echo() as url:
        door = Door("echo", f"{url}/prefix", 5)
        one = MlflowHttp(door, key, Evidence(), "run-1").get("experiments/search", max_results=1)
        raw = Raw(door, key, Evidence(), "run-1")
        other = raw.send("GET", raw.at("/api/2.0/mlflow/experiments/search?max_results=1"))
    first, second = (dict(json.loads(exchange.content)["headers"]) for exchange in (one, other))
    told = {"Authorization", "X-Api-Key", "X-Corp", "X-Amz-Date"}
    assert {name.title() for name in first} & told == {name.title() for name in second} & told
    return first


@pytest.mark.parametrize(
    ("key", "name", "value"),
    [
        ("hk_1234567", "Authorization", "Bearer hk_1234567"),
        (Password("ada", "secret-word"), "Authorization", BASIC),
        (KeyHeader("X-API-Key", "hk_1234567"), "X-API-Key", "hk_1234567"),
        (KeyHeader("Authorization", "Token hk_1234567"), "Authorization", "Token hk_1234567"),
        (ClientCertificate(Path("x.pem"), beside=Password("ada", "secret-word")), "Authorization", BASIC),
        (None, "Authorization", None),
    ],
    ids=["key", "password", "header", "own-scheme", "certificate", "none"],
)
def test_request_carries_the_credential(key: Credential | None, name: str, value: str | None) -> None:
    """A raw request says who sends it in the one header that the credential wants."""
    assert sent(key).get(name) == value


def test_aws_signature_is_of_the_request() -> None:
    """An AWS signature names its scope, and the session token goes with it."""
    headers = sent(AwsSignature("eu-west-1", "AKIDEXAMPLE", "secret-of-aws", "session-of-aws"))

    assert headers["Authorization"].startswith("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/")
    assert "/eu-west-1/execute-api/aws4_request" in headers["Authorization"]
    assert headers["X-Amz-Security-Token"] == "session-of-aws"


def test_only_keys_have_carriers() -> None:
    """What is no API key is not sent in the forms that keys have."""
    with echo() as url, pytest.raises(NotAllowed, match="an API key as x-api-key"):
        door = MlflowHttp(Door("echo", url, 5), Password("ada", "secret-word"), Evidence(), "run-1")
        door.search_experiments(carrier="x-api-key")


@pytest.mark.parametrize(
    ("key", "told"),
    [
        ("hk_1234567", {"MLFLOW_TRACKING_TOKEN": "hk_1234567"}),
        (
            Password("ada", "secret-word"),
            {"MLFLOW_TRACKING_USERNAME": "ada", "MLFLOW_TRACKING_PASSWORD": "secret-word"},
        ),
        (KeyHeader("X-API-Key", "hk_1234567"), {}),
        (None, {}),
    ],
    ids=["key", "password", "header", "none"],
)
def test_client_is_told_as_users_tell_it(tmp_path: Path, key: Credential | None, told: dict[str, str]) -> None:
    """The MLflow client gets a credential by its own variables."""
    assert client_variables(key, tmp_path) == told


def test_client_gets_certificate_and_key_in_one_file(tmp_path: Path) -> None:
    """A certificate whose key is in a file of its own becomes one file, which nobody else may read."""
    for name in ("cert", "key"):
        (tmp_path / name).write_text(name)
    told = client_variables(ClientCertificate(tmp_path / "cert", tmp_path / "key"), tmp_path)
    file = Path(told["MLFLOW_TRACKING_CLIENT_CERT_PATH"])

    assert file.read_text() == "cert\nkey"
    assert file.stat().st_mode & 0o077 == 0


def printing(folder: Path, output: str) -> CommandToken:
    """Return a token by a command that counts how often it ran, and prints this with the count for ``{}``."""
    script = folder / "token.py"
    script.write_text(
        "from pathlib import Path\n"
        f"asked = Path({str(folder / 'asked')!r})\n"
        "asked.write_text(asked.read_text() + 'x' if asked.exists() else 'x')\n"
        f"print({output!r}.replace('NUMBER', str(len(asked.read_text()))))\n"
    )
    return CommandToken((sys.executable, "-I", str(script)), folder)


def jwt(**claims: float) -> str:
    """Return a JSON Web Token with these claims."""
    return f"e30.{base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip('=')}.NUMBER"


@pytest.mark.parametrize(
    ("output", "again"),
    [
        ("plain-token-NUMBER", False),
        ('{"access_token": "token-NUMBER", "expires_in": 3600}', False),
        ('{"access_token": "token-NUMBER", "expires_in": 0.001}', True),
        ('{"token": "token-NUMBER"}', False),
        (jwt(exp=time.time() + 3600), False),
        (jwt(iat=0.0, exp=0.001), True),
    ],
    ids=["plain", "lasts", "over", "no-end", "jwt", "jwt-over"],
)
def test_token_is_asked_for_again_before_it_expires(tmp_path: Path, output: str, *, again: bool) -> None:
    """A command's token is kept while it lasts, and the command is run again when it does not."""
    source = printing(tmp_path, output)
    first = token_of(source)
    if again:
        deadline = time.monotonic() + 30
        while token_of(source) == first and time.monotonic() < deadline:
            time.sleep(0.05)
    second = token_of(source)

    assert first[-1] == "1"
    assert (second != first) is again
    assert {first, second} <= taken()


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("raise SystemExit(3)", "ended with exit code 3"),
        ("print('{}')", "printed no token"),
        ("print('two words')", "printed no token"),
        ("print('')", "printed no token"),
    ],
)
def test_command_without_token_is_told(tmp_path: Path, code: str, said: str) -> None:
    """A command that gives no token is named, with what it did; its output is not."""
    with pytest.raises(TokenError, match=said) as told:
        token_of(CommandToken((sys.executable, "-Ic", code), tmp_path))
    assert "two words" not in str(told.value)


def test_every_secret_of_every_kind_is_redacted(tmp_path: Path) -> None:
    """The target knows every secret of its credentials, and a token once a command gave it."""
    keys: dict[str, Credential] = {
        "reader": Password("ada", "secret-word"),
        "writer": KeyHeader("Authorization", "Token hk_of-the-writer"),
        "admin": ClientCertificate(Path("x.pem"), beside="hk_of-the-admin"),
        "expired": AwsSignature("eu-west-1", "AKIDEXAMPLE", "secret-of-aws", "session-of-aws"),
        "revoked": printing(tmp_path, "token-by-command-NUMBER"),
    }
    target = Target("t", "live", (), keys)
    token = token_of(keys["revoked"])  # type: ignore[arg-type]  # the command's
    text = " ".join(["secret-word", BASIC, "hk_of-the-writer", "hk_of-the-admin", "secret-of-aws", token])
    shown = Redactor(target.secrets).text(text)

    assert not [secret for key in keys.values() for secret in secrets_of(key) if secret in shown]
    assert token not in shown
    assert BASIC.split()[1] not in shown
    assert not any(secret in kind_of(key) or secret in repr(key) for key in keys.values() for secret in target.secrets)


@pytest.mark.parametrize("how", ["wrong", "empty", "cut"])
@pytest.mark.parametrize(
    "good",
    [
        "hk_0123456789abcdef",
        Password("ada", "secret-word"),
        KeyHeader("Authorization", "ApiKey hk_0123456789abcdef"),
        AwsSignature("eu-west-1", "AKIAEXAMPLE", "secret-word-of-aws"),
    ],
)
def test_spoiled_credential_keeps_its_scheme_and_nothing_of_its_secret(good: Credential, how: Spoiling) -> None:
    """A spoiled credential is of the same scheme and user, and has not the whole secret of the good one."""
    bad = spoiled(good, how)

    assert type(bad) is type(good)
    assert bad != good
    kept = [(one, other) for one in secrets_of(good) for other in secrets_of(bad) if one and one in other]
    assert not kept
    if isinstance(good, Password) and isinstance(bad, Password):
        assert bad.user == good.user
    if isinstance(bad, KeyHeader):
        assert bad.value.startswith("ApiKey ")
