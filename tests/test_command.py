"""The command ``registry-conformance`` and the scripts that lead to it: help, typos, a deployment to play with."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from registry_conformance.cli.main import COMMANDS, run
from registry_conformance.judge.locations import ROOT
from registry_conformance.judge.suggestion import nearest, unknown
from tests.conftest import eventually, heed_interrupts, read_until

OTHER_SCRIPTS = {"setup", "checkout.py"}
"""What is no way into the command: the one that needs no environment, and what the ways share."""
HEAVY = ("boto3", "httpx", "mlflow", "pydantic", "pytest")


@pytest.mark.parametrize("name", COMMANDS)
def test_help_is_harmless_and_in_one_style(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Help of each sub-command is printed and nothing else is done; it has an example, and exit codes or commands."""
    assert run([name, "--help"]) == 0
    said = capsys.readouterr().out
    assert said.startswith(f"Usage: registry-conformance {name}")
    assert re.search(r"^  Examples?:$", said, re.MULTILINE)
    assert re.search(r"^  Exit codes: 0 |^Commands:$", said, re.MULTILINE)


@pytest.mark.parametrize("group", [[], ["live"], ["faults"]], ids=" ".join)
def test_no_sub_command_is_answered_with_the_help(group: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """A group of sub-commands by itself prints its help, and nothing before it."""
    assert run(group) == 4
    assert capsys.readouterr().err.startswith(f"Usage: {' '.join(['registry-conformance', *group])} [OPTIONS]")


def test_help_imports_nothing_heavy() -> None:
    """Help costs no import of what a sub-command works with."""
    program = (
        "import sys; from registry_conformance.cli.main import run; run(['doctor', '--help']); print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)

    assert not set(HEAVY) & set(done.stdout.splitlines()[-1].split())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ["docter"],
            f"docter: unknown; did you mean doctor? All {len(COMMANDS)} are listed by: registry-conformance --help",
        ),
        (["doctor", "--fualt=x"], "--fault"),
        (["doctor", "--url"], "registry-conformance doctor: Option '--url' requires an argument"),
        (["live", "init", "--url"], "registry-conformance live init: Option '--url' requires an argument"),
        (["doctor", "--url=http://x", "--budget=nan"], "--budget=nan: give a number of seconds above 0"),
        (["doctor", "--url=http://x", "--budget=1h"], "--budget=1h: give a number of seconds above 0"),
        (["up", "--proxy-port=http"], "--proxy-port=http: give a whole number from 0 to 65535"),
        (["verify", "--stack=embedded", "-n", "-1"], "-n=-1: give a whole number of 0 or more"),
        (["compare", "latest", "latest", "--report-dir=/nonexistent"], "latest: there is no run in /nonexistent yet"),
        (["live", "init", "--url=http://x", "--to=/nonexistent/x"], "/nonexistent/x cannot be written: No such file"),
        (["doctor", "--fault=bucket-mising"], "--fault=bucket-mising: unknown; did you mean bucket-missing? All "),
        (["doctor"], "give one of --url, --env, --env-file, --fault"),
        (["doctor", "--url=http://x", "--env=staging"], "--url and --env exclude each other"),
        (["faults", "show", "body-limt"], "did you mean body-limit? All "),
        (["faults", "list", "--layer=proxi"], "--layer=proxi: unknown; did you mean proxy?"),
        (
            ["prove", "--store=mini"],
            "--store=mini: unknown; did you mean minio? Use one of auto, minio, moto, ",
        ),
        (["janitor", "--env=stagin"], "--env=stagin: unknown; did you mean staging?"),
        (["build-images", "prxy"], "prxy: unknown; did you mean proxy?"),
        (["verify", "--url=http://x", "--fault=body-limit"], "--fault=body-limit: faults need a local stack"),
    ],
)
def test_typo_is_answered_with_the_nearest(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A name or an option that is not known is exit code 4, with what was meant, and not with hundreds of names."""
    assert run(arguments) == 4
    told = capsys.readouterr().err
    assert said in told
    assert len(told) < 400


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["verify", "--stack", "embedded", "--against", ""], "verify: --against=: the value is empty; give one, or"),
        (["verify", "--url=http://h", "--report-dir="], "verify: --report-dir=: the value is empty"),
        (["doctor", "--bundle", "", "--url", "http://h"], "doctor: --bundle=: the value is empty"),
        (["load", "--stack=embedded", "--sizes", ""], "load: --sizes=: the value is empty"),
        (["live", "init", "--to="], "live init: --to=: the value is empty"),
        (["render", "latest", ""], "render: '': an argument is empty; give its value"),
        (["purge", ""], "purge: '': an argument is empty; give its value"),
    ],
)
def test_empty_value_is_refused(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    """An empty value, as of an unset variable, is exit code 4, and does not mean that the option is left out."""
    assert (run(arguments), said in capsys.readouterr().err) == (4, True)


def test_nearest_is_not_guessed() -> None:
    """What resembles no name gets no suggestion; of a few names all are said."""
    assert nearest("gremlins", ["body-limit", "put-refused"]) == []
    assert unknown("x", ["minio", "moto"]) == "unknown; use one of minio, moto"
    assert unknown("x", []) == "unknown; there is none"


def test_every_script_leads_to_the_command() -> None:
    """Each script but the set-up is a way into a sub-command, or into a benchmark, and does nothing itself."""
    scripts = {file.name: file.read_text() for file in (ROOT / "scripts").iterdir() if file.is_file()}
    for name, text in scripts.items():
        if name in OTHER_SCRIPTS:
            continue
        found = re.fullmatch(
            r'#!/usr/bin/env python3\n"""[^"]+"""\n\nfrom checkout import enter\n\n'
            r'enter\((?:"([\w-]+)"|module="[\w.]+")\)\n',
            text,
        )
        assert found, name
        assert found[1] is None or found[1] in COMMANDS


def test_script_without_an_environment_says_how_to_make_one(tmp_path: Path) -> None:
    """In a fresh checkout a script is exit code 6, with the command that makes the environment."""
    checkout = tmp_path / "a checkout é"
    shutil.copytree(ROOT / "scripts", checkout / "scripts", ignore=shutil.ignore_patterns("__pycache__"))
    done = subprocess.run(
        [sys.executable, checkout / "scripts" / "doctor"], capture_output=True, text=True, check=False
    )

    assert done.returncode == 6
    assert f"run `make setup` in {checkout}" in done.stderr


def test_help_of_the_set_up_is_harmless(tmp_path: Path) -> None:
    """Asked for help, the set-up makes no environment."""
    shutil.copytree(ROOT / "scripts", tmp_path / "scripts", ignore=shutil.ignore_patterns("__pycache__"))
    done = subprocess.run(
        [sys.executable, tmp_path / "scripts" / "setup", "--help"], capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stdout.startswith("Usage: scripts/setup")) == (0, True)
    assert not (tmp_path / ".venv").exists()


def test_deployment_to_play_with_runs_until_it_is_interrupted(tmp_path: Path) -> None:
    """It tells its address, a key and what to try; Ctrl-C ends it with exit code 0, and leaves nothing."""
    process = subprocess.Popen(
        [sys.executable, "-m", "registry_conformance", "up", "--store=moto", "--fault=put-refused"],
        cwd=ROOT,
        env=os.environ | {"TMPDIR": str(tmp_path), "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=heed_interrupts,  # noqa: PLW1509 - no threads here
    )
    address = read_until(process, r"address +(http://\S+)")[1]
    read_until(process, r"writer key +(hk_\S+)")
    read_until(process, rf"registry-conformance doctor --url {re.escape(address)}")
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=600)

    assert process.returncode == 0, said
    assert "Traceback" not in said
    eventually(lambda: not list(tmp_path.iterdir()), "its folders are gone")


@pytest.mark.parametrize(
    ("budget", "said"),
    [
        ("foo=1", "--budget=foo=1: unknown; use one of "),
        ("rate=abc", "--budget=rate=abc: give a number"),
        ("rate", "--budget=rate: a value is missing"),
        ("users=3", "--budget=users=3: unknown"),
    ],
)
def test_a_limit_of_a_load_is_named_by_its_option(budget: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Another word of a load's plan is no limit."""
    assert run(["load", "--stack", "embedded", "--budget", budget]) == 4
    assert said in capsys.readouterr().err


def test_a_proxy_configuration_that_is_missing_is_no_matter_of_the_revision(capsys: pytest.CaptureFixture[str]) -> None:
    """The file is named, not its folder."""
    assert run(["verify", "--stack", "embedded", "--proxy", "nginx:/nope.conf", "--against", "HEAD"]) == 4
    assert "there is no file /nope.conf" in capsys.readouterr().err


def test_an_interrupt_while_the_command_is_being_loaded_ends_in_a_line(tmp_path: Path) -> None:
    """Kind: an interrupt before its handling is in place."""
    (tmp_path / "click.py").write_text("raise KeyboardInterrupt\n")
    done = subprocess.run(
        [sys.executable, "-c", "from registry_conformance.__main__ import main; main()", "doctor"],
        env=os.environ | {"PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "registry-conformance: interrupted by Ctrl-C\n"


@pytest.mark.parametrize("name", ["doctor", "janitor", "register"])
def test_an_address_that_is_no_utf_8_is_refused(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A byte of a shell's that no text has cannot be sent."""
    assert run([name, "--url", "http://127.0.0.1:9/\udcff"]) == 4
    assert "a byte that is no UTF-8" in capsys.readouterr().err
