"""A credential that cannot work as it was given is told by its own reason, and never shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from registry_conformance.cli.main import run
from registry_conformance.judge.live.unsendable import unsendable
from registry_conformance.judge.target.credential import Credential, KeyHeader, Password
from tests.web_answers import Answer, Asked, guarded, looked_at, site

KEY = "hk_a-key-of-mine-1234"
MISSING = Answer(401, {"error_code": "UNAUTHENTICATED", "message": "this key is not known here"})


@pytest.mark.parametrize(
    ("secret", "said"),
    [
        (KEY, ""),
        ("schlüssel-wort", ""),
        (f"{KEY}\n", "a line break or white space"),
        (f"{KEY}\n{KEY}", "a line break or white space"),
        (f"{KEY}\x07x", "a control character (U+0007)"),
        (f"{KEY}\u200bx", "an invisible character (U+200B)"),
        (f"{KEY}\udcffx", "a byte that is no UTF-8"),
    ],
)
def test_what_cannot_be_sent_is_told_by_its_kind(
    secret: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each kind has its own words, in the doctor and for an environment file."""
    assert said in unsendable(secret)
    assert bool(unsendable(secret)) is bool(said)
    if not said:
        return
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", secret)
    assert run(["doctor", "--url=http://127.0.0.1:9", "--read-only"]) == 4
    printed = capsys.readouterr().err
    assert said in printed
    assert KEY not in printed


@pytest.mark.parametrize(
    ("credential", "told"),
    [
        (f"Bearer {KEY}", "it begins with 'Bearer'"),
        (f'"{KEY}"', "it stands in quotes"),
        (Password("me", f"'{KEY}'"), "it stands in quotes"),
        (Password("'me'", KEY), "the user name stands in quotes"),
        (KeyHeader("X-API-Key", f'"{KEY}"'), "it stands in quotes"),
    ],
)
def test_a_form_that_no_credential_has_is_told_whatever_a_stranger_is_told(credential: Credential, told: str) -> None:
    """Also where a wrong key is answered otherwise than none; the key itself is not repeated."""

    def answering(asked: Asked) -> Answer:
        return MISSING if asked.authorization else Answer(401, {"error_code": "X", "message": "no key"})

    with site(answering) as there:
        found = looked_at(there.url, credential).finding
    assert found is not None
    assert (found.kind.id, found.kind.layer) == ("key-is-something-else", "client")
    assert told in found.sentence
    assert KEY not in found.sentence + found.remedy


@pytest.mark.parametrize(("there", "missing"), [("USERNAME", "PASSWORD"), ("PASSWORD", "USERNAME")])
def test_half_a_login_is_told(
    there: str, missing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The MLflow client sends neither, which nobody sees in its own messages."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv(f"MLFLOW_TRACKING_{there}", "a-word-of-mine")
    monkeypatch.delenv(f"MLFLOW_TRACKING_{missing}", raising=False)
    monkeypatch.delenv("MLFLOW_TRACKING_TOKEN", raising=False)
    said = f"MLFLOW_TRACKING_{there} is set and MLFLOW_TRACKING_{missing} is not"
    with site(guarded(f"Bearer {KEY}", MISSING)) as door:
        run(["doctor", f"--url={door.url}", "--read-only"])
        assert said in capsys.readouterr().err
        monkeypatch.setenv(f"MLFLOW_TRACKING_{there}", "a-word-of-mine")  # the first command took it away
        run(["janitor", f"--url={door.url}", f"--report-dir={tmp_path}"])
        assert said in capsys.readouterr().err


def test_a_plugin_for_credentials_is_told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Where it is not installed the MLflow client sends no credential, and only warns."""
    monkeypatch.setenv("MLFLOW_TRACKING_AUTH", "acme-sso")
    with site(guarded(f"Bearer {KEY}", MISSING)) as door:
        run(["doctor", f"--url={door.url}", "--read-only"])
    assert "MLFLOW_TRACKING_AUTH names the plugin 'acme-sso': where it is not installed" in capsys.readouterr().err
