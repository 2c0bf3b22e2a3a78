"""Each bad setting is named, in one line."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.auth.conftest import settings
from tests.parts import AUTH, uvicorn


@pytest.mark.parametrize(
    ("environment", "named"),
    [
        ({}, "AUTH_KEY_SERVICE_URL"),
        ({"AUTH_KEY_SERVICE_URL": "keys:80"}, "AUTH_KEY_SERVICE_URL"),
        ({"AUTH_CACHE_SECONDS": "61"}, "AUTH_CACHE_SECONDS"),
        ({"AUTH_CACHE_SECONDS": "nan"}, "AUTH_CACHE_SECONDS"),
        ({"AUTH_TIMEOUT_SECONDS": "soon"}, "AUTH_TIMEOUT_SECONDS"),
        ({"AUTH_TIMEOUT_SECONDS": "0"}, "AUTH_TIMEOUT_SECONDS"),
        ({"AUTH_POLICY_FILE": "/nowhere.toml"}, "AUTH_POLICY_FILE"),
    ],
    ids=str,
)
def test_a_bad_setting_is_named(environment: dict[str, str], named: str) -> None:
    """A bad setting is named."""
    complete = (
        environment
        if "AUTH_KEY_SERVICE_URL" in environment or not environment
        else {
            "AUTH_KEY_SERVICE_URL": "http://keys",
            **environment,
        }
    )
    with pytest.raises(settings.SettingsError, match=named):
        settings.Settings.read(complete)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("", "roles"),
        ("x = 1", "unknown entries: x"),
        ("[roles.a]\nscope = 's'\nrights = ['fly']", "role a.*fly"),
        ("[roles.a]\nscope = 's'", "role a"),
        ("doors = 3\n[roles.a]\nscope='s'\nrights=[]", "doors"),
        ("[", "not TOML"),
    ],
)
def test_a_bad_policy_is_named(tmp_path: Path, text: str, named: str) -> None:
    """A bad policy is named."""
    (tmp_path / "mine.toml").write_text(text)
    environment = {"AUTH_KEY_SERVICE_URL": "http://keys", "AUTH_POLICY_FILE": str(tmp_path / "mine.toml")}
    with pytest.raises(settings.SettingsError, match=named):
        settings.Settings.read(environment)


@pytest.mark.parametrize("app", ["auth_service", "key_service"])
def test_a_service_without_settings_ends_with_one_line(app: str) -> None:
    """A service without settings ends with one line."""
    command = uvicorn(f"{app}:app", AUTH, 0)
    ended = subprocess.run(
        command, env={"PYTHONDONTWRITEBYTECODE": "1"}, capture_output=True, text=True, timeout=600, check=False
    )
    assert ended.returncode != 0
    assert len(ended.stderr.splitlines()) == 1, ended.stderr
    assert "must" in ended.stderr
