"""A plan or settings file with a value of another type is refused by its place, and never ends in a traceback."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from registry_conformance.cli.main import run
from registry_conformance.lab.external import image
from registry_conformance.lab.external.image import ExternalImage, ExternalImageError
from registry_conformance.proof.matrix import plan as matrix_plan
from registry_conformance.proof.matrix.plan import MatrixPlan, MatrixPlanError
from registry_conformance.proof.nightly import night, plan
from registry_conformance.proof.nightly.plan import NightlyPlan, NightlyPlanError
from registry_conformance.proof.nightly.result import Result
from registry_conformance.run.option_values import SettingsError, signing_key
from tests.test_report_fields import changed, places, put

OTHERS: tuple[Any, ...] = (5, True, "x", "", [], [5], {}, {"x": 5}, 1e300)
NIGHTLY = {
    "keep": 3,
    "webhook": "HOOK",
    "target": [
        {"name": "one", "stack": "embedded", "options": ["-k", "x"], "minutes": 5},
        {"name": "two", "environment": "staging"},
        {"name": "three", "proof": True},
    ],
}
MATRIX = {"group": {"one": {"servers": ["3.1.0"], "clients": ["3.1.0"], "stores": ["moto"], "kind": "registration"}}}
IMAGE = {
    "port": 8080,
    "tls_port": 8443,
    "doors": ["canonical"],
    "variables": {"A": "{mlflow_host}"},
    "arguments": ["x"],
}


@pytest.mark.parametrize(
    ("module", "document", "read", "refusal"),
    [
        (plan, NIGHTLY, NightlyPlan.read, NightlyPlanError),
        (matrix_plan, MATRIX, MatrixPlan.read, MatrixPlanError),
        (image, IMAGE, lambda file: ExternalImage.read("proxy", "x", file), ExternalImageError),
    ],
    ids=["nightly", "matrix", "image"],
)
def test_a_value_of_another_type_is_refused_by_its_place(
    module: Any, document: Any, read: Any, refusal: type[Exception], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each value in turn is of each type; what is accepted can be used."""
    (tmp_path / "x.toml").touch()
    for place in places(document):
        for value in OTHERS:
            monkeypatch.setattr(module, "document_of", lambda _, p=place, v=value: changed(document, p, v))
            try:
                read(tmp_path / "x.toml")
            except refusal as problem:
                assert "x.toml" in str(problem)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("target = 5", "target is no list of tables"),
        ("target = [5]", "target is no list of tables"),
        ('[[target]]\nname = "a"\nstack = 5', "stack is a text"),
        ('[[target]]\nname = "a"\nproof = "yes"', "proof is true"),
        ('keep = true\n[[target]]\nname = "a"\nproof = true', "keep is a number of nights"),
    ],
)
def test_a_plan_of_nights_names_what_is_wrong(
    text: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As a command, in a line with exit code 4."""
    (tmp_path / "n.toml").write_text(text)

    assert run(["nightly", f"--plan={tmp_path / 'n.toml'}", f"--report-dir={tmp_path}"]) == 4
    assert said in capsys.readouterr().out


def test_a_night_of_another_form_is_left_out(tmp_path: Path) -> None:
    """It would break the next night, and its page."""
    whole = night.begin(tmp_path).with_result(Result("a", "stack", 0, 1.0, "well"))
    file = whole.folder / "night.json"
    document = json.loads(file.read_text())
    assert len(night.nights(tmp_path)) == 1

    for place, value in ((("started",), 5), (("targets", 0, "exit_code"), "x"), (("targets", 0, "red"), [5])):
        put(file, changed(document, place, value))
        assert night.nights(tmp_path) == []


PEM = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIA\n-----END PRIVATE KEY-----\n"


@pytest.mark.parametrize("key", [PEM, "MC4CAQAwBQYDK2VwBCIEIA" * 9, "hk_a-key-of-mine"])
def test_a_key_in_place_of_its_file_is_not_repeated(
    key: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The likeliest mistake with an option that names a file."""
    with pytest.raises(SettingsError) as refused:
        signing_key(key)
    (tmp_path / "verdicts.json").write_text("{}")

    assert "give the path of a file that holds the private key" in str(refused.value)
    assert key[:20] not in str(refused.value)
    run(["verify-attestation", str(tmp_path), "--key", key])
    assert key[:20] not in capsys.readouterr().err
