"""Proxies of others: every configuration that is shipped is one that its program takes, and can be named."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from joserfc.jwk import RSAKey

from registry_conformance.judge.live.reader import read
from registry_conformance.judge.target.credential import Credential, Password
from registry_conformance.judge.target.target import Door, Target
from registry_conformance.lab.deployment import REFERENCE
from registry_conformance.lab.external import oidc_auth
from registry_conformance.lab.external.mlflow_command import COMMANDS, MlflowCommand, MlflowCommandError
from registry_conformance.lab.external.neighbour import PROGRAMS, Neighbour, NeighbourError
from registry_conformance.lab.faults.catalogue import broken
from registry_conformance.proof.field.kinds import CELLS
from registry_conformance.proof.field.scenario import FieldScenario, ReportedResult, wrong
from registry_conformance.proof.field.scenarios import BROKEN, SAMPLE, SCENARIOS
from registry_conformance.proof.field.whole import MOST_LINES, Judged, declaration
from registry_conformance.run.option_values import SettingsError
from registry_conformance.run.settings import Settings

PASSWORDS = [
    (name, configuration)
    for name, program in PROGRAMS.items()
    for configuration in program.configurations
    if configuration not in program.asking
]
CHECKS = {
    "nginx": ["-t", "-c"],
    "haproxy": ["-c", "-f"],
    "caddy": ["validate", "--adapter", "caddyfile", "--config"],
    "apache": ["-t", "-f"],
    "oauth2-proxy": ["--config-test", "--config"],
}


def refusal(neighbour: Neighbour, tmp_path: Path) -> str:
    """Return what the program itself finds wrong with a configuration, empty if it takes it."""
    program = neighbour.program
    try:
        path = program.path
    except NeighbourError as problem:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(f"its program is needed: {problem}")
    passwords = tmp_path / "passwords"
    passwords.write_text("a-secret-of-the-client")
    public_key = tmp_path / "public-key.pem"
    public_key.write_bytes(RSAKey.generate_key(2048).as_pem(private=False))
    places = {
        "WORKDIR": tmp_path,
        "LISTEN": "127.0.0.1:18080",
        "MLFLOW": "127.0.0.1:15000",
        "PASSWORDS": passwords,
        "USER": "developer",
        "ISSUER": "http://127.0.0.1:15001",
        "CLIENT": "mlflow",
        "SECRET_FILE": passwords,
        "PUBLIC_KEY": public_key,
        "COOKIE": "0" * 32,
        "PASSWORD": "$2a$14$UYgHRJgjoXVo1uTjQPDv2.dUvDyUbZvtBjbS5KpCOODRLvbBSKKIq",
    }
    text = neighbour.text(places)
    file = tmp_path / f"proxy.{program.suffix}"
    file.write_text(text)
    done = subprocess.run(
        [path, *CHECKS[neighbour.name], str(file)],
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
        env={"HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path), "PATH": os.environ["PATH"]},
    )

    left_open = [place for place in places if f"@{place}@" in text]
    return f"{done.stdout}{done.stderr}{left_open}" if done.returncode or left_open else ""


@pytest.mark.parametrize(("name", "configuration"), PASSWORDS)
def test_shipped_configuration_is_taken(name: str, configuration: str, tmp_path: Path) -> None:
    """The program itself finds nothing wrong with a configuration, and no place in it is left open."""
    assert refusal(Neighbour(name, configuration), tmp_path) == ""


@pytest.mark.parametrize(
    "scenario", [each for each in BROKEN if each.neighbour.edits], ids=lambda scenario: scenario.name
)
def test_broken_configuration_is_taken(scenario: FieldScenario, tmp_path: Path) -> None:
    """What is broken on purpose in a scenario is something that the program does, not something that it refuses."""
    assert refusal(scenario.neighbour, tmp_path) == ""


@pytest.mark.parametrize(
    "neighbour",
    [
        pytest.param(way.neighbour, id=name)
        for name, (_, way) in CELLS.items()
        if way and way.neighbour and way.neighbour.edits
    ],
)
def test_way_to_break_a_configuration_is_taken(neighbour: Neighbour, tmp_path: Path) -> None:
    """What is broken in a way of its own is something that the program does too."""
    assert refusal(neighbour, tmp_path) == ""


def test_each_program_has_its_configurations() -> None:
    """Each program ships a naive and a tuned configuration, and its usual one is among them."""
    for program in PROGRAMS.values():
        assert {program.naive, program.usual} <= set(program.configurations), program.name


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("envoy", None),
        ("none", Neighbour("none")),
        ("haproxy", Neighbour("haproxy", "password-tuned")),
        ("nginx", Neighbour("nginx", "tuned")),
        ("nginx:password", Neighbour("nginx", "password")),
    ],
)
def test_name_says_which(text: str, found: Neighbour | None) -> None:
    """A name means a proxy with its usual configuration, or with the one that is named."""
    assert Neighbour.named(text) == found


@pytest.mark.parametrize(
    ("text", "said"),
    [("ngnix", "did you mean nginx"), ("nginx:pasword", "did you mean"), ("none:tuned", "has no configurations")],
)
def test_unknown_name_is_refused(text: str, said: str) -> None:
    """A name that is not known is refused as a bad option, with what there is."""
    options = {"proxy_port": 0, "stack": "embedded", "store": "moto", "fault": [], "report_dir": "", "proxy": text}
    with pytest.raises(SettingsError, match=said):
        Settings.read(options)


@pytest.mark.parametrize(
    ("text", "said"), [("gunicron", "did you mean gunicorn"), ("x", "use one of reference, uvicorn")]
)
def test_unknown_way_to_start_mlflow_is_refused(text: str, said: str) -> None:
    """A way of starting MLflow that is not known is refused as a bad option, with what there is."""
    options = {"proxy_port": 0, "stack": "embedded", "store": "moto", "fault": [], "report_dir": "", "mlflow": text}
    with pytest.raises(SettingsError, match=said):
        Settings.read(options)


def test_mlflow_by_command_keeps_its_flags() -> None:
    """MLflow that is started by its command has the flags of that command: a fault of flags is not armed there."""
    command = COMMANDS["basic-auth"]

    assert "has the flags that it is started with" in command.lacks(broken(REFERENCE, ["artifacts-not-served"]))
    assert command.lacks(REFERENCE) == ""


def test_plugin_of_mlflow_is_installed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What signs in by tokens is started beside the installed MLflow alone; what cannot be installed is told."""
    place = oidc_auth.folder(tmp_path)
    with pytest.raises(MlflowCommandError, match="leave the version out"):
        MlflowCommand.named("3.9.0:oidc-auth")

    monkeypatch.setattr(oidc_auth, "LOCK", tmp_path / "no.lock")
    with pytest.raises(oidc_auth.OidcAuthError, match=r"cannot be installed: .*no\.lock"):
        oidc_auth.install(place)
    assert not oidc_auth.installed(place)
    assert list(place.parent.iterdir()) == []

    (place / "mlflow_oidc_auth").mkdir(parents=True)
    oidc_auth.install(place)
    assert oidc_auth.installed(place)


def test_missing_program_is_told_with_its_command(monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that is not installed is told with the one command that brings it."""
    monkeypatch.setattr("shutil.which", lambda *_, **__: None)
    with pytest.raises(NeighbourError, match=r"no haproxy on this machine: apt-get install .*haproxy"):
        _ = PROGRAMS["haproxy"].path


def test_edit_of_nothing_is_refused() -> None:
    """A configuration that no longer has what is to be broken says so, and is not silently healthy."""
    with pytest.raises(NeighbourError, match="has no 'gone'"):
        Neighbour("nginx", "password", (("gone", "x"),)).text({})


def test_what_it_cannot_be_is_said() -> None:
    """Faults of settings that a proxy of others does not have cannot be armed with it; faults of MLflow can."""
    neighbour = Neighbour("haproxy", "password")

    assert "its routes, limits and headers are its own" in neighbour.lacks(broken(REFERENCE, ["body-limit"]))
    assert neighbour.lacks(broken(REFERENCE, ["bucket-missing"])) == ""


HEALTHY = FieldScenario("healthy", Neighbour("none"))
ILL = FieldScenario("ill", Neighbour("none"), registers=False, named=("body", "413"))


@pytest.mark.parametrize(
    ("scenario", "said", "mistakes"),
    [
        (HEALTHY, ReportedResult(0, "", 0, ""), 0),
        (HEALTHY, ReportedResult(0, "", 1, ""), 1),
        (HEALTHY, ReportedResult(1, "the cache is off", 0, ""), 2),
        (HEALTHY, ReportedResult(6, "", 6, "", problem="it did not start"), 1),
        (ILL, ReportedResult(1, "the BODY limit", 1, "413 by the proxy"), 0),
        (ILL, ReportedResult(0, "", 1, "a body limit"), 1),
        (ILL, ReportedResult(1, "a body limit", 0, ""), 2),
    ],
)
def test_wrong_words_are_counted(scenario: FieldScenario, said: ReportedResult, mistakes: int) -> None:
    """A cause of what is healthy, a missing or another cause of what is broken, and a wrong end are mistakes."""
    assert len(wrong(scenario, said)) == mistakes


@pytest.mark.parametrize(
    ("key", "promises_key", "policy", "keys"),
    [
        (None, False, "open", set()),
        (None, True, "guarded", {"writer"}),
        (Password("developer", "secret-word"), False, "guarded", {"writer"}),
    ],
)
def test_eight_lines_declare_a_neighbour(
    key: Credential | None, promises_key: bool, policy: str, keys: set[str], tmp_path: Path
) -> None:
    """A deployment is declared in at most eight lines, without a secret in them."""
    target = Target("theirs", "embedded", (Door("literal", "http://127.0.0.1:5000"),), {"writer": key} if key else {})
    text, variables = declaration(target, promises_key=promises_key)
    file = tmp_path / "theirs.toml"
    file.write_text(text)
    profile = read(file)

    assert len(text.splitlines()) <= MOST_LINES
    assert (profile.doors["literal"].policy, set(profile.keys)) == (policy, keys)
    assert not [secret for secret in variables.values() if secret in text]


@pytest.mark.parametrize(
    ("judged", "mistakes"),
    [
        (Judged(0, (), 300), 0),
        (Judged(1, ("test_a: 404",), 300), 1),
        (Judged(7, (), 300, "left behind"), 1),
        (Judged(4, (), 0, "no such file"), 1),
    ],
)
def test_red_checks_of_what_is_healthy_are_mistakes(judged: Judged, mistakes: int) -> None:
    """Each red check of a healthy neighbour is a mistake, and so is a visit that verified nothing or ended badly."""
    assert len(wrong(HEALTHY, ReportedResult(0, "", 0, "", whole=judged))) == mistakes


def test_scenarios_have_names_of_their_own() -> None:
    """Each scenario is played once, and the sample is of them."""
    assert set(SAMPLE) <= set(SCENARIOS)
    assert {SCENARIOS[name].healthy for name in SAMPLE} == {True, False}
