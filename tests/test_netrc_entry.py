"""What the user's netrc file has of a host goes before every other credential, and is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from registry_conformance.cli.main import run
from registry_conformance.judge.live.netrc_entry import netrc_password
from registry_conformance.judge.target.credential import Password
from tests.web_answers import Answer, guarded, site

TOKEN = "a-token-of-mine"
REFUSED = Answer(401, {"error_code": "UNAUTHENTICATED", "message": "this password is no good"})


@pytest.fixture
def entries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's netrc file, with an entry for this machine."""
    file = tmp_path / "netrc"
    file.write_text("machine 127.0.0.1 login me password a-password-of-mine\n")
    monkeypatch.setenv("NETRC", str(file))
    return file


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("machine 127.0.0.1 login me password pass-word\n", Password("me", "pass-word")),
        ("default login me password pass-word\n", Password("me", "pass-word")),
        ("machine other.example login me password pass-word\n", None),
        ("machine 127.0.0.1 unknown-word\n", None),
        ("some other text", None),
    ],
)
def test_an_entry_is_read_as_the_client_reads_it(entries: Path, text: str, found: Password | None) -> None:
    """An entry of the host or of all counts; a file that cannot be read is none."""
    entries.write_text(text)
    assert netrc_password("https://127.0.0.1:5000/api") == found


@pytest.mark.usefixtures("entries")
def test_an_entry_that_spoils_a_good_token_ends_the_call(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Kind: a client that sends something else than its user thinks. The file is named, and nothing of its secret."""
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", TOKEN)
    with site(guarded(f"Bearer {TOKEN}", REFUSED)) as there:
        assert run(["doctor", f"--url={there.url}", "--read-only"]) == 4
    told = capsys.readouterr().err
    assert "has an entry for 127.0.0.1" in told and "remove the entry" in told
    assert "a-password-of-mine" not in told


@pytest.mark.usefixtures("entries")
def test_an_entry_that_is_let_in_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """Who gave nothing else is asked for with the entry, as the client asks, and reads so."""
    with site(guarded("Basic bWU6YS1wYXNzd29yZC1vZi1taW5l", REFUSED)) as there:
        run(["doctor", f"--url={there.url}", "--read-only", "--budget=5"])
        assert "Basic bWU6YS1wYXNzd29yZC1vZi1taW5l" in there.credentials
    assert "has an entry for 127.0.0.1" in capsys.readouterr().err
