"""A proxy or an MLflow of others is judged in containers as the reference's own is; an engine must have the images."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from registry_conformance.judge.locations import ROOT
from registry_conformance.lab.images.recipe import RECIPES, USUAL

MACHINE = {name: value for name, value in os.environ.items() if name != "DOCKER_HOST"}
"""The variables of this process with the machine's own engine again, which these tests are kept from otherwise."""
ASKS = "import sys; from registry_conformance.lab.images.engine import ready; sys.exit(not ready(sys.argv[1:]))"
OTHERS = """
port = 8080
doors = ["documented"]
[variables]
MLFLOW_ADDRESS = "{mlflow_host}:{mlflow_port}"
AUTH_ADDRESS = "{auth_host}:{auth_port}"
"""
PATIENCE = 400.0


def need(*images: str) -> None:
    """Skip if no engine answers, or one of these images or of the usual ones is not there."""
    tags = [RECIPES[name].tag for name in (*USUAL, *images)]
    if subprocess.run([sys.executable, "-c", ASKS, *tags], cwd=ROOT, env=MACHINE, check=False).returncode:
        pytest.skip(f"no engine has the images: scripts/build-images {' '.join((*USUAL, *images))}")


def judged(reports: Path, *arguments: str) -> tuple[int, str, Mapping[str, Any]]:
    """Judge a Docker stack by some checks; return exit code, output and report."""
    command = [sys.executable, "-m", "pytest", *arguments, "--stack=docker", f"--report-dir={reports}"]
    done = subprocess.run(command, cwd=ROOT, env=MACHINE, capture_output=True, text=True, check=False, timeout=PATIENCE)
    said = done.stdout + done.stderr
    return done.returncode, said, json.loads((reports / "latest" / "verdicts.json").read_text())


def test_another_proxy_that_keeps_the_contract_is_green(tmp_path: Path) -> None:
    """Large uploads, errors and links that are watched are judged through nginx; what is not its to change is told."""
    need("nginx-tuned")
    checks = ["suites/contract/artifacts/test_bytes.py", "suites/local/test_routing_witness.py"]
    checks += ["suites/local/test_errors_body_limit.py", "-k", "canonical or scratch"]
    code, said, report = judged(tmp_path, *checks, "--proxy-image=registry-conformance/nginx-tuned")

    assert code == 0, said
    assert "nginx 1.22.1 tuned" in report["target"]["versions"]["proxy"]
    assert report["target"]["capabilities"]["proxy-settings"]["present"] is False
    assert "its routes, limits and headers are its own" in report["summary"]["inapplicable"]["ERR-045"]


def test_a_proxy_as_it_comes_is_red_and_the_cause_is_named(tmp_path: Path) -> None:
    """nginx's default limit of bodies and its pages in the place of refusals are named, by requirement and by cause."""
    need("nginx-default")
    checks = ["suites/contract/artifacts/test_bytes.py", "suites/contract/authorization/test_rights.py"]
    code, said, report = judged(
        tmp_path, *checks, "-k", "canonical", "--proxy-image=registry-conformance/nginx-default"
    )
    red = set(report["summary"]["red"])
    causes = {cause["id"] for cause in report["diagnosis"]}

    assert code == 1, said
    assert {"ART-003", "AUZ-011"} <= red
    assert {"body-limit", "refusals-replaced-by-page"} <= causes


@pytest.mark.nightly  # by day ``test_external_images.py`` asks what such settings mean
def test_a_proxy_is_judged_at_the_doors_that_it_promises(tmp_path: Path) -> None:
    """Settings beside an image name its doors and its port; without one for TLS nothing is asked in TLS."""
    need("nginx-tuned")
    settings = tmp_path / "mine.toml"
    settings.write_text(OTHERS)
    checks = ["suites/contract/operations/test_health.py", "suites/contract/operations/test_tls.py"]
    proxy = ["--proxy-image=registry-conformance/nginx-tuned", f"--proxy-settings={settings}"]
    code, said, report = judged(tmp_path / "reports", *checks, *proxy)

    assert code == 0, said
    assert set(report["target"]["doors"]) == {"documented"}
    assert "its settings name no tls_port" in report["summary"]["inapplicable"]["OPS-025"]


def test_another_mlflow_is_started_by_its_settings(tmp_path: Path) -> None:
    """An image in MLflow's place is started as its settings say, on the stack's database and bucket."""
    need()
    checks = ["suites/contract/artifacts/test_bytes.py", "-k", "canonical"]
    code, said, report = judged(tmp_path, *checks, "--mlflow-image=registry-conformance/mlflow")

    assert code == 0, said
    assert report["target"]["images"]["mlflow"].startswith("sha256:")
    assert report["target"]["versions"]["mlflow"] == f"mlflow {version('mlflow')}"


def test_an_image_that_is_not_there_is_told_with_the_command_that_fetches_it(tmp_path: Path) -> None:
    """Exit code 6, one message with one command, no traceback."""
    need()
    code, said, _ = judged(
        tmp_path, "suites/contract/operations/test_health.py", "--proxy-image=localhost:1/nowhere:none"
    )

    assert code == 6, said
    assert "the image localhost:1/nowhere:none is not there; fetch it: docker pull localhost:1/nowhere:none" in said
    assert "Traceback" not in said


ROUTE_MISSING = 'location ~ /mlflow-artifacts/ { default_type application/json; return 404 "{}"; }'
CHANGED = "FROM registry-conformance/nginx-tuned:latest\nCOPY tuned.conf /etc/nginx/registry.conf\n"
CHANGED_TAG = "registry-conformance-test/nginx-without-uploads"


@pytest.fixture
def changed_image(tmp_path: Path) -> Iterator[str]:
    """An image of the tuned nginx that does not route artifacts, gone afterwards."""
    need("nginx-tuned")
    folder = tmp_path / "image"
    folder.mkdir()
    before = (ROOT / "docker" / "proxies" / "nginx" / "tuned.conf").read_text()
    (folder / "tuned.conf").write_text(before.replace("location / {", f"{ROUTE_MISSING}\nlocation / {{", 1))
    (folder / "Dockerfile").write_text(CHANGED)
    subprocess.run(["docker", "build", "-q", "-t", CHANGED_TAG, str(folder)], env=MACHINE, check=True)
    yield CHANGED_TAG
    subprocess.run(["docker", "rmi", "-f", CHANGED_TAG], env=MACHINE, check=True)


@pytest.mark.nightly  # two stacks of containers; by day ``test_against.py`` asks what a change is judged by
def test_a_change_of_an_image_is_judged_by_what_it_breaks(tmp_path: Path, changed_image: str) -> None:
    """An image that lost a route is told by the promises that it breaks, and the gate is closed."""
    change = [f"--proxy-image={changed_image}", "--against=registry-conformance/nginx-tuned"]
    command = [sys.executable, "-m", "registry_conformance", "verify", "--stack=docker", *change]
    command += [
        "-k=canonical and chunked",
        f"--report-dir={tmp_path / 'reports'}",
        f"--comment={tmp_path / 'comment.md'}",
    ]
    done = subprocess.run(command, cwd=ROOT, env=MACHINE, capture_output=True, text=True, check=False, timeout=1200)

    assert done.returncode == 1, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1].startswith("This change breaks 1 promise (ART-007"), done.stdout
    assert "ART-007" in (tmp_path / "comment.md").read_text()
