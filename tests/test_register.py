"""The register loads or says what is wrong with it, and register and checks name each other."""

from __future__ import annotations

from pathlib import Path

import pytest

from registry_conformance.documents.check_listing import checks_by_requirement
from registry_conformance.judge.requirement import Level, Register, RegisterError, Remedy, verifies
from tests.tree import ROOT

SUITES = ROOT / "suites"
ENTRY = {
    "id": "ART-001",
    "level": "MUST",
    "layer": "proxy",
    "profile": "mlflow",
    "text": "It holds.",
    "source": "docs/mlflow.md#artifacts",
}


@pytest.fixture(scope="module")
def register() -> Register:
    """The register as it is."""
    return Register.load(SUITES / "requirements")


@pytest.fixture(scope="module")
def verified() -> dict[str, list[str]]:
    """Requirement id -> node ids of the checks that verify it, as pytest collects them."""
    return checks_by_requirement()


def entry(**changes: str | None) -> str:
    """Return one register entry in TOML, with fields changed, added or (``None``) left out."""
    fields = {name: value for name, value in {**ENTRY, **changes}.items() if value is not None}
    return "\n".join(["[[requirement]]", *(f'{name} = "{value}"' for name, value in fields.items()), ""])


def refusal(folder: Path, **files: str) -> str:
    """Return what the register says when it refuses these files (name without suffix -> text)."""
    for name, text in files.items():
        (folder / f"{name}.toml").write_text(text)
    with pytest.raises(RegisterError) as refused:
        Register.load(folder)
    return str(refused.value)


def test_every_requirement_is_verified(register: Register, verified: dict[str, list[str]]) -> None:
    """Each requirement is verified by a check that pytest collects."""
    assert not sorted(set(register) - set(verified))


def test_every_named_requirement_is_registered(register: Register, verified: dict[str, list[str]]) -> None:
    """Each id that a check names stands in the register."""
    assert verified
    assert not sorted(set(verified) - set(register))


def test_levels_are_told_apart(register: Register) -> None:
    """The register holds at least 60 requirements, binding ones and others."""
    assert len(register) >= 60
    assert {Level.MUST, Level.SHOULD} <= {requirement.level for requirement in register.values()}


def test_entry_reads_as_written(tmp_path: Path) -> None:
    """An entry becomes a requirement of the area that its file names."""
    (tmp_path / "artifacts.toml").write_text(entry())
    requirement = Register.load(tmp_path)["ART-001"]

    assert (requirement.level, requirement.area, requirement.text) == (Level.MUST, "artifacts", "It holds.")


def test_version_follows_the_files(tmp_path: Path) -> None:
    """The same files are the same version, a changed word another one."""
    file = tmp_path / "artifacts.toml"
    file.write_text(entry())
    before, again = Register.load(tmp_path).version, Register.load(tmp_path).version
    file.write_text(entry(text="It holds now."))

    assert before == again != Register.load(tmp_path).version


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"level": "WILL"}, "level 'WILL'"),
        ({"layer": "moon"}, "layer 'moon'"),
        ({"id": "ART-1"}, "three capital letters"),
        ({"source": None}, "needs exactly"),
        ({"profile": None}, "needs exactly"),
        ({"profile": "house"}, "profile 'house' is none of mlflow, gateway, platform"),
        ({"feature": "wings"}, "feature 'wings' is none of presigned-downloads"),
        ({"owner": "us"}, "needs exactly"),
        ({"since": "three"}, "since 'three' is no version"),
        ({"since": "3.0.0"}, "needs otherwise"),
        ({"otherwise": "nothing"}, "needs otherwise"),
        ({"id": None}, "no id"),
    ],
)
def test_wrong_entry_is_named(tmp_path: Path, changes: dict[str, str | None], what: str) -> None:
    """A wrong entry is refused with its file, its number and what is wrong with it."""
    said = refusal(tmp_path, artifacts=entry() + entry(**{"id": "ART-002", **changes}))

    assert said.startswith("artifacts.toml, requirement 2 (")
    assert what in said


def test_remedy_is_that_of_the_table(tmp_path: Path) -> None:
    """A requirement has the lines of the remedy that it names, one that stands in no table is refused."""
    (tmp_path / "artifacts.toml").write_text(entry(remedy="mend", why="So.") + '[remedies.mend]\ncli = "aws x"\n')
    found = Register.load(tmp_path)["ART-001"]
    assert (found.why, found.remedy) == ("So.", Remedy(cli="aws x"))

    assert "remedy 'mend' stands in no table" in refusal(tmp_path, artifacts=entry(remedy="mend"))
    wrong = entry(remedy="mend") + '[remedies.mend]\nbash = "x"\n'
    assert "has 'bash', knows terraform, cli, minio" in refusal(tmp_path, artifacts=wrong)


def test_duplicate_is_named(tmp_path: Path) -> None:
    """An id that stands in two files is refused with the second file's name."""
    assert refusal(tmp_path, artifacts=entry(), routing=entry()) == "routing.toml: ART-001 stands in the register twice"


@pytest.mark.parametrize(
    "text", ["[[requirement", 'id = "\udcff"'.encode("utf-8", "surrogateescape").decode("latin-1")]
)
def test_bad_toml_is_named(tmp_path: Path, text: str) -> None:
    """A file that is no TOML is refused by its name."""
    (tmp_path / "artifacts.toml").write_bytes(text.encode("latin-1"))
    with pytest.raises(RegisterError, match=r"artifacts\.toml: not valid TOML"):
        Register.load(tmp_path)


def test_empty_register_is_refused(tmp_path: Path) -> None:
    """A folder without requirements is refused: nothing would be verified."""
    assert str(tmp_path) in refusal(tmp_path)


def test_check_names_a_requirement() -> None:
    """The decorator refuses to tie a check to nothing."""
    with pytest.raises(ValueError, match="at least one requirement id"):
        verifies()
