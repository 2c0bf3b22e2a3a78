"""Other versions of MLflow: how they are named, installed once, kept and removed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from registry_conformance.cli.main import run
from registry_conformance.lab.external import mlflow_environment
from registry_conformance.lab.external.mlflow_command import MlflowCommand, MlflowCommandError
from registry_conformance.lab.external.mlflow_environment import MlflowEnvironment, MlflowEnvironmentError
from registry_conformance.run.option_values import SettingsError
from registry_conformance.run.settings import Settings

OPTIONS = {"stack": "embedded", "store": "moto", "fault": [], "report_dir": "", "proxy_port": 0}


class Installer:
    """Notes what uv is asked for, and refuses what ``refuses`` names."""

    def __init__(self, refuses: str = "") -> None:
        self.asked: list[tuple[str, ...]] = []
        self._refuses = refuses

    def __call__(self, *arguments: str) -> None:
        """Stand in for uv."""
        self.asked.append(arguments)
        if arguments[0] == "venv":
            Path(arguments[-1]).mkdir(parents=True)
        if self._refuses in arguments and "--no-deps" not in arguments:
            raise MlflowEnvironmentError(f"uv pip failed: No solution found: {self._refuses}")

    @property
    def installed(self) -> list[list[str]]:
        """The requirements of each installation, without those that are the suite's own."""
        found: list[list[str]] = []
        for arguments in self.asked:
            if arguments[0] == "pip":
                given = arguments[arguments.index("--python") + 2 :]
                found.append([each for each in given if each not in mlflow_environment.NEEDED])
        return found


@pytest.fixture
def installer(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Installer:
    """An installer that only notes what it is asked for, and a cache of this test's own."""
    noting = Installer()
    monkeypatch.setattr(mlflow_environment, "_uv", noting)
    monkeypatch.setattr(mlflow_environment, "shared_cache_folder", lambda: tmp_path)
    return noting


@pytest.mark.parametrize(
    ("version", "wanted"),
    [
        ("3.9.0", ["mlflow==3.9.0"]),
        ("3.5.1", ["mlflow==3.5.1", "sqlalchemy<2.1"]),
        ("2.12.2", ["--exclude-newer", "2024-05-15", "mlflow==2.12.2", "sqlalchemy<2.1", "setuptools<80"]),
    ],
)
def test_old_versions_are_installed_with_what_was_there_then(
    installer: Installer, version: str, wanted: list[str]
) -> None:
    """What a version needs older than it says is asked for, once: the second call finds it made."""
    environment = MlflowEnvironment.named(version)
    said: list[str] = []
    environment.make(said.append)
    environment.make(said.append)

    assert installer.installed == [wanted]
    assert len(said) == 1
    assert version in said[0]


def test_release_whose_dependencies_are_not_there_has_ours(
    installer: Installer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A newer release that cannot be resolved is put on our own dependencies, and says so; an older one is refused."""
    refusing = Installer("mlflow==3.18.0")
    monkeypatch.setattr(mlflow_environment, "_uv", refusing)
    monkeypatch.setattr(mlflow_environment, "installed", lambda _: "3.17.2")
    newer = MlflowEnvironment.named("3.18.0")
    newer.make(lambda _: None)

    assert refusing.installed[1:] == [["mlflow==3.17.2"], ["--no-deps", "mlflow==3.18.0"]]
    assert "the dependencies of 3.17.2" in newer.note

    monkeypatch.setattr(mlflow_environment, "installed", lambda _: "3.19.0")
    refusing.asked.clear()
    older = MlflowEnvironment.named("3.18.1")
    monkeypatch.setattr(mlflow_environment, "_uv", Installer("mlflow==3.18.1"))
    with pytest.raises(MlflowEnvironmentError, match="No solution"):
        older.make(lambda _: None)
    assert not older.is_made
    del installer


def test_environments_are_listed_and_removed(installer: Installer, capsys: pytest.CaptureFixture[str]) -> None:
    """The command makes what is named, lists what is there, and removes it."""
    assert run(["versions", "3.9.0", "2.22.5"]) == 0
    assert "2 environments" in capsys.readouterr().out
    assert run(["versions", "--clear"]) == 0
    assert run(["versions"]) == 0
    assert "0 environments" in capsys.readouterr().out
    assert len(installer.installed) == 2


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("mlflow", "3.9", "'3.9' is no version of MLflow; give all three numbers, as 3.9.0"),
        ("mlflow", "2.5.0", "versions before 2.9.0 were never measured"),
        ("mlflow", "3.9.0:gunikorn", "did you mean gunicorn?"),
        ("mlflow", "gunikorn", "or a version, as 3.9.0"),
        ("client", "newest", "'newest' is no version of MLflow"),
    ],
)
def test_what_is_no_version_is_refused(option: str, value: str, said: str) -> None:
    """What cannot be a version, or is none that was measured, is refused with the option and what to give."""
    with pytest.raises(SettingsError) as refused:
        Settings.read({**OPTIONS, option: value})
    assert str(refused.value).startswith(f"--{option}={value}: ")
    assert said in str(refused.value)


def test_version_and_way_are_named_together() -> None:
    """A version alone is started as people do; with a way behind it, in that way; each by its own interpreter."""
    alone, with_way = MlflowCommand.named("3.9.0"), MlflowCommand.named("3.9.0:basic-auth")

    assert alone is not None
    assert with_way is not None
    assert (alone.version, alone.passwords) == ("3.9.0", False)
    assert (with_way.version, with_way.passwords, str(with_way)) == ("3.9.0", True, "3.9.0:basic-auth")
    assert "3.9.0" in alone.python
    with pytest.raises(MlflowCommandError):
        MlflowCommand.named("3.9.0:")


def test_another_run_judges_the_same_versions() -> None:
    """The options for another run name server, client and database, so that they are judged again."""
    settings = Settings.read({**OPTIONS, "mlflow": "3.9.0", "client": "2.22.5", "backend_store": "mariadb"})

    assert settings.rerun_options == " --store=moto --backend-store=mariadb --mlflow=3.9.0 --client=2.22.5"
    assert [each.version for each in settings.environments] == ["3.9.0", "2.22.5"]


def test_parts_of_a_stack_need_a_stack(capsys: pytest.CaptureFixture[str]) -> None:
    """An option about a stack's parts is refused where a deployment of others is judged."""
    assert run(["register", "--url=http://127.0.0.1:1", "--backend-store=postgresql"]) == 4
    assert "add --stack=embedded" in capsys.readouterr().err
    assert os.environ.get("MLFLOW_TRACKING_URI") is None
