"""Credentials and networks as environment files give them: read, typed, refused with the line that is wrong."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import trustme

from registry_conformance.judge.live.environment.error import EnvironmentFileError
from registry_conformance.judge.live.network import client_network
from registry_conformance.judge.live.reader import read
from registry_conformance.judge.live.target import target_of
from registry_conformance.judge.target.credential import (
    AwsSignature,
    ClientCertificate,
    CommandToken,
    Credential,
    KeyHeader,
    Password,
)
from registry_conformance.judge.target.target import Target

SECRET = '{ variable = "TEST_SECRET" }'


def described(folder: Path, tables: str) -> Target:
    """Return the target of an environment file that has these tables beside its door."""
    file = folder / "mine.toml"
    head = 'description = "a test"\naccess = "sandboxed"\n[doors.canonical]\nurl = "https://registry.example"\n'
    file.write_text(head + tables)
    return target_of("mine", read(file), None)


@pytest.fixture(autouse=True)
def _variables(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    for name in ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TEST_SECRET", "secret-word")
    for name in ("client.pem", "client.key", "ca.pem"):
        (tmp_path / name).write_text("PEM")


@pytest.mark.parametrize(
    ("table", "credential"),
    [
        ('variable = "TEST_SECRET"', "secret-word"),
        (f'user = "ada"\npassword = {SECRET}', Password("ada", "secret-word")),
        ('header = "X-API-Key"\nvariable = "TEST_SECRET"', KeyHeader("X-API-Key", "secret-word")),
        (
            f'sigv4 = {{ region = "eu-west-1", access_key = {SECRET}, secret_key = {SECRET} }}',
            AwsSignature("eu-west-1", "secret-word", "secret-word"),
        ),
    ],
    ids=["key", "password", "header", "sigv4"],
)
def test_role_has_its_credential(tmp_path: Path, table: str, credential: Credential) -> None:
    """Each form of a role's table becomes the credential that it means."""
    assert described(tmp_path, f"[keys.writer]\n{table}\n").keys == {"writer": credential}


def test_certificate_stands_alone_or_beside(tmp_path: Path) -> None:
    """A client certificate is a credential by itself, and goes with another."""
    table = '[keys.writer]\ncertificate = "client.pem"\n[keys.reader]\ncertificate = "client.pem"\n'
    table += 'certificate_key = "client.key"\nvariable = "TEST_SECRET"\n'
    file, key = tmp_path / "client.pem", tmp_path / "client.key"

    assert described(tmp_path, table).keys == {
        "writer": ClientCertificate(file),
        "reader": ClientCertificate(file, key, "secret-word"),
    }


def test_command_is_run_from_the_files_folder(tmp_path: Path) -> None:
    """A command becomes a token that is asked for again, and is run once beforehand."""
    (tmp_path / "token.py").write_text("print('token-of-command')")
    table = f'[keys.writer]\ncommand = ["{sys.executable}", "token.py"]\nseconds = 300\n'
    target = described(tmp_path, table)

    assert target.keys == {"writer": CommandToken((sys.executable, "token.py"), tmp_path, 300.0)}
    assert "token-of-command" in target.secrets


@pytest.mark.parametrize(
    ("tables", "said"),
    [
        ('[keys.writer]\nuser = "ada"\n', "mine.toml:5: keys.writer needs both of user and password"),
        (f'[keys.writer]\nuser = "a:b"\npassword = {SECRET}\n', "mine.toml:6: keys.writer.user has another form"),
        (f'[keys.writer]\nvariable = "A"\nuser = "ada"\npassword = {SECRET}\n', "needs exactly one of variable, file,"),
        ("[keys.writer]\n", "mine.toml:5: keys.writer needs exactly one of variable"),
        ('[keys.writer]\nvariable = "A"\nseconds = 3\n', "needs both of command and seconds"),
        ('[keys.writer]\nheader = "X-API-Key"\n', "needs exactly one of"),
        ('[keys.writer]\nheader = "X API"\nvariable = "A"\n', "keys.writer.header has another form than it must"),
        (
            '[keys.writer]\npasword = "secret-word"\n',
            "mine.toml:6: keys.writer.pasword is unknown; did you mean password?",
        ),
        ('[keys.writer]\ncertificate = "no.pem"\n', "mine.toml:6: keys.writer.certificate: there is no file no.pem"),
        (f'[keys.writer]\ncommand = ["{sys.executable}", "-c", "1/0"]\n', "ended with exit code 1; run it by hand"),
        ('[keys.writer]\nvariable = "TEST_SECRET"\n[network]\nhttps_proxy = "socks5://x:1"\n', "mine.toml:8: network."),
        ('[keys.writer]\nvariable = "TEST_SECRET"\n[network]\nhttps_proxy = "http://u:p@x:1"\n', "a URL with a pass"),
        ('[keys.writer]\nvariable = "TEST_SECRET"\n[network]\nca_file = "no.pem"\n', "there is no file no.pem"),
    ],
)
def test_wrong_table_is_refused_with_its_line(tmp_path: Path, tables: str, said: str) -> None:
    """What cannot be used is refused by file, line and what is allowed, and no secret is shown."""
    with pytest.raises(EnvironmentFileError) as refusal:
        described(tmp_path, tables)
    assert said in str(refusal.value)
    assert "secret-word" not in str(refusal.value)


def test_network_is_as_the_variables_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The usual variables count for every door, and the file for what it says otherwise."""
    monkeypatch.setenv("https_proxy", "http://me:pass-word@proxy.example:3128")
    monkeypatch.setenv("NO_PROXY", "localhost")
    trustme.CA().cert_pem.write_to_path(tmp_path / "authorities.pem")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "authorities.pem"))
    key = '[keys.writer]\nvariable = "TEST_SECRET"\n'
    target = described(tmp_path, key)
    usual = target.doors[0].network
    named = described(tmp_path, key + '[network]\nno_proxy = ["*"]\nca_file = "ca.pem"\n').doors[0].network

    assert usual.proxy_for("https://registry.example") == "http://me:pass-word@proxy.example:3128"
    assert (usual.no_proxy, usual.ca) == ("localhost", tmp_path / "authorities.pem")
    assert "pass-word" in target.secrets
    assert (named.proxy_for("https://registry.example"), named.ca) == ("", tmp_path / "ca.pem")
    assert (usual.elsewhere.ca, named.elsewhere.ca) == (tmp_path / "authorities.pem", tmp_path / "ca.pem")


def test_the_registrys_own_authorities_count_for_it_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The store, to which clients are sent, is met with REQUESTS_CA_BUNDLE, as the MLflow client meets it."""
    for name in ("registry.pem", "network.pem"):
        trustme.CA().cert_pem.write_to_path(tmp_path / name)
    monkeypatch.setenv("MLFLOW_TRACKING_SERVER_CERT_PATH", str(tmp_path / "registry.pem"))
    assert client_network().elsewhere.ca is None
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "network.pem"))
    network = client_network()
    assert (network.ca, network.elsewhere.ca) == (tmp_path / "registry.pem", tmp_path / "network.pem")


def test_variable_that_cannot_be_used_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable of the network that cannot be used is refused by its name."""
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere.pem")
    with pytest.raises(EnvironmentFileError, match=r"SSL_CERT_FILE: there is no file /nowhere\.pem"):
        described(tmp_path, '[keys.writer]\nvariable = "TEST_SECRET"\n')
    monkeypatch.setenv("HTTP_PROXY", "http://[::1")
    with pytest.raises(EnvironmentFileError, match="HTTP_PROXY is no URL of a forward proxy that this suite can use"):
        described(tmp_path, '[keys.writer]\nvariable = "TEST_SECRET"\n')
