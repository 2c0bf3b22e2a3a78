"""An image of others in a part's place: it is told what its settings say, and bad settings are refused by name."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from registry_conformance.lab.deployment import REFERENCE, Auth, KeyService, Links, MLflow, Proxy
from registry_conformance.lab.disturbance import Break, Rule, When
from registry_conformance.lab.external.image import ExternalImage, ExternalImageError
from registry_conformance.lab.images.recipe import RECIPES
from tests.test_bad_input import run_here

TELLING = '\n[variables]\nUPSTREAM = "http://{mlflow_host}:{mlflow_port}"\nAUTH = "{auth_host}"\n'
OWN_AUTH = '\n[variables]\nUPSTREAM = "http://{mlflow_host}"\nKEYS = "{keys_host}"\n'
PROXY = "--proxy-image=registry.example/proxy:1"
DOCKER = "--stack=docker"


def settings(folder: Path, text: str) -> Path:
    """Return a file of settings that says this."""
    file = folder / "mine.toml"
    file.write_text(text)
    return file


def proxy(folder: Path, text: str) -> ExternalImage:
    """Return a proxy of others with these settings."""
    return ExternalImage.read("proxy", "registry.example/proxy:1", settings(folder, text))


@pytest.mark.parametrize("part", ["proxy", "mlflow"])
def test_settings_of_the_project_can_be_used(part: str) -> None:
    """What counts if no file is named is understood, and tells an image where to listen."""
    foreign = ExternalImage.read(part, "registry.example/image:1")

    assert foreign.port in {8080, 5000}
    assert foreign.lacks(REFERENCE) == ""


def test_an_image_is_told_where_the_others_are(tmp_path: Path) -> None:
    """What stands in braces is filled in, in variables and arguments; doubled braces are braces."""
    text = f'port = 80\narguments = ["--to={{auth_host}}", "{{{{kept}}}}"]\n{TELLING}'
    variables, arguments = proxy(tmp_path, text).filled_in(
        {"mlflow_host": "10.0.0.2", "mlflow_port": 5000, "auth_host": "a"}
    )

    assert variables == {"UPSTREAM": "http://10.0.0.2:5000", "AUTH": "a"}
    assert arguments == ["--to=a", "{kept}"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("port = ", "mine.toml: is not TOML: Invalid value"),
        (TELLING, "mine.toml: port is missing; give a port, 1 to 65535"),
        (f"port = 70000\n{TELLING}", "mine.toml: port cannot be 70000; give a port, 1 to 65535"),
        (f"port = true\n{TELLING}", "mine.toml: port cannot be True; give a port, 1 to 65535"),
        (
            f"port = 80\ntls_port = 80\n{TELLING}",
            "mine.toml: tls_port cannot be 80; give a port, 1 to 65535, other than",
        ),
        (f"port = 80\ndoors = ['side']\n{TELLING}", "mine.toml: doors cannot be ['side']; give a list of canonical, "),
        (f"port = 80\ndoors = []\n{TELLING}", "mine.toml: doors cannot be []; give a list of canonical, "),
        (f"port = 80\narguments = 'serve'\n{TELLING}", "mine.toml: arguments cannot be 'serve'; give a list of texts"),
        (f"port = 80\nupstream = 'x'\n{TELLING}", "mine.toml: 'upstream' is unknown; use port, tls_port, doors, "),
        ("port = 80\n[variables]\nA = 1\n", "mine.toml: variables cannot be {'A': 1}; give a table of texts"),
        (f"port = 80\n{TELLING}B = '{{store}}'", "mine.toml: {store} is unknown; there are mlflow_host, "),
        (f"port = 80\n{TELLING}B = '{{'", "mine.toml: Single '{' encountered in format string; a brace that is meant"),
        (
            "port = 80\n[variables]\nA = '{auth_host}'\n",
            "mine.toml: nothing tells the image where MLflow is; use {mlflow_",
        ),
        (
            "port = 80\n[variables]\nA = '{mlflow_host}'\n",
            "where auth or key service is; use {auth_host} or {keys_host}",
        ),
    ],
)
def test_settings_that_cannot_be_used_are_refused(tmp_path: Path, text: str, message: str) -> None:
    """The message names the file, the entry, and what is allowed."""
    with pytest.raises(ExternalImageError) as refusal:
        proxy(tmp_path, text)

    assert message in str(refusal.value)


def test_a_proxy_of_others_keeps_its_own_settings(tmp_path: Path) -> None:
    """It cannot be had with another route, but beside any key service and on links that are disturbed."""
    foreign = proxy(tmp_path, f"port = 80\n{TELLING}")
    cut = Links(mlflow=(Rule(When(), (Break(),)),), auth=(Rule(When(), (Break(),)),))

    assert "is not ours: its routes" in foreign.lacks(replace(REFERENCE, proxy=Proxy(body_limit=1)))
    assert foreign.lacks(replace(REFERENCE, keys=KeyService(up=False), auth=Auth(cache=0), links=cut)) == ""


def test_a_proxy_that_asks_the_key_service_has_no_auth_service(tmp_path: Path) -> None:
    """One that is told of the key service alone cannot be had with another auth service."""
    foreign = proxy(tmp_path, f"port = 80\n{OWN_AUTH}")

    assert "it asks no auth service of ours" in foreign.lacks(replace(REFERENCE, auth=Auth(up=False)))
    assert foreign.lacks(replace(REFERENCE, keys=KeyService(up=False))) == ""


def test_an_mlflow_of_others_keeps_its_own_flags() -> None:
    """It can be had on another place in the bucket and with further variables, not with other flags."""
    foreign = ExternalImage.read("mlflow", "registry.example/mlflow:3")

    assert foreign.lacks(replace(REFERENCE, mlflow=MLflow(destination="s3://other/place"))) == ""
    assert foreign.lacks(replace(REFERENCE, mlflow=MLflow(environment=(("A", "1"),)))) == ""
    for flags in (MLflow(serve_artifacts=False), MLflow(destination=None), MLflow(default_root="s3://b/p")):
        assert "it has the flags of its settings" in foreign.lacks(replace(REFERENCE, mlflow=flags))


@pytest.mark.parametrize("name", ["registry-conformance/nginx-tuned", "registry-conformance/nginx-tuned:latest"])
def test_an_image_built_here_is_the_one_of_its_source(name: str) -> None:
    """The name for people stands for the image that the source at hand makes."""
    assert ExternalImage.read("proxy", name).image == RECIPES["nginx-tuned"].tag


def test_images_of_one_folder_are_told_apart() -> None:
    """Two images of one folder differ by their build arguments, and so by name."""
    assert RECIPES["nginx-tuned"].tag.split(":")[1] != RECIPES["nginx-default"].tag.split(":")[1]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ((PROXY, "--stack=embedded"), f"{PROXY}: only containers have images; add --stack=docker"),
        (("--proxy-settings=p.toml", DOCKER), "--proxy-settings=p.toml: add --proxy-image, whose settings they are"),
        (("--mlflow-settings=m.toml", DOCKER), "--mlflow-settings=m.toml: add --mlflow-image, whose settings they are"),
        ((PROXY, "--proxy-settings=none.toml", DOCKER), "--proxy-settings=none.toml: cannot be read: No such file"),
        ((PROXY, DOCKER, "--fault=body-limit"), "--fault=body-limit: it cannot be armed here: the proxy regis"),
    ],
    ids=["embedded", "proxy-alone", "mlflow-alone", "no-file", "fault"],
)
@pytest.mark.parametrize("workers", ["-n0", "-n2"])
def test_an_image_that_cannot_be_used_is_a_usage_error(options: tuple[str, ...], message: str, workers: str) -> None:
    """The message names the option and what is allowed; exit code 4; no traceback."""
    code, output = run_here("suites/local", *options, "--store=moto", workers)

    assert code == 4, output
    assert message in output
    assert "Traceback" not in output


def test_an_image_that_is_not_there_is_named(tmp_path: Path) -> None:
    """Without an engine: exit code 6 with the command that mends it, before anything is asked of the image."""
    code, output = run_here("suites/local", PROXY, DOCKER, f"--report-dir={tmp_path}")

    assert code == 6, output
    assert "no Docker engine answers" in output
    assert "Traceback" not in output
