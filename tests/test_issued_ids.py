"""An id of a requirement is issued once: none that was ever used is missing, and a release can be asked."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from registry_conformance import __version__
from registry_conformance.judge.issued_ids import IssuedIds
from registry_conformance.judge.promises import EVERYTHING
from registry_conformance.judge.requirement import Register, RegisterError
from registry_conformance.run.session.asking import refuse_unasked
from tests.optional import need
from tests.test_register import entry
from tests.tree import ROOT

FOLDER = ROOT / "suites" / "requirements"
IDS = "suites/requirements"


def git(*arguments: str) -> str:
    """Return what git says of this checkout, nothing if it is none."""
    done = subprocess.run(
        ["git", "-C", str(ROOT), *arguments], capture_output=True, text=True, check=False, timeout=600
    )
    return done.stdout if done.returncode == 0 else ""


def test_the_list_has_what_the_register_has() -> None:
    """Each requirement was issued, each id is asked or deprecated, and what is deprecated is not asked."""
    register, issued = Register.load(FOLDER), IssuedIds.load(FOLDER)

    assert sorted(set(register) - set(issued)) == []
    assert sorted(name for name in issued if name not in register and not issued[name].deprecated) == []
    assert sorted(name for name in register if issued[name].deprecated) == []


def test_no_id_that_was_ever_used_is_missing() -> None:
    """Whatever id stood in the register in any commit stands in the list."""
    past = git("log", "-p", "--format=", "--", f"{IDS}/*.toml")
    need(past, "this is no git checkout, or one without its past")
    ever = set(re.findall(r'^\+id = "([A-Z]{3}-\d{3})"', past, re.MULTILINE))

    assert ever
    assert sorted(ever - set(IssuedIds.load(FOLDER))) == []


def test_what_a_deprecated_id_is_replaced_by_is_asked() -> None:
    """A reason that names another id names one that is asked."""
    register, issued = Register.load(FOLDER), IssuedIds.load(FOLDER)
    named = {name for each in issued.values() for name in re.findall(r"[A-Z]{3}-\d{3}", each.why)}

    assert sorted(named - set(register)) == []


@pytest.mark.parametrize(
    ("line", "said"),
    [("ART-001 1\nART-001 2", "was issued before"), ("ART-1 1", "line 1: 'ART-1 1' is not"), ("ART-001", "is not ID")],
)
def test_a_list_that_is_wrong_is_refused(line: str, said: str, tmp_path: Path) -> None:
    """An id that is issued twice, or a line of another form, is told with its number."""
    (tmp_path / "ids.txt").write_text(f"{line}\n")
    with pytest.raises(RegisterError, match=said):
        IssuedIds.load(tmp_path)


@pytest.fixture
def two_releases(tmp_path: Path) -> Path:
    """A register of which one requirement was issued by release 2."""
    (tmp_path / "area.toml").write_text(entry(id="ART-001") + entry(id="ART-002"))
    (tmp_path / "ids.txt").write_text("# ids\nART-001 1\nART-002 2\nART-003 1 deprecated 2: asked by ART-002\n")
    return tmp_path


def check_of(*ids: str) -> Any:
    """Return a check that verifies these requirements, as far as it is looked at."""
    marks = {"verifies": [SimpleNamespace(args=ids)]}
    return SimpleNamespace(iter_markers=lambda name: iter(marks.get(name, [])), fixturenames=())


def test_a_pinned_release_asks_what_it_asked(two_releases: Path) -> None:
    """A check of a requirement that came later is left out, with the reason; the others are asked as before."""
    register = IssuedIds.load(two_releases).pinned(Register.load(two_releases), 1)
    target = cast("Any", SimpleNamespace(promises=EVERYTHING, versions={}, doors=(), working_doors=()))

    refuse_unasked(check_of("ART-001"), register, target)
    refuse_unasked(check_of("ART-001", "ART-002"), register, target)
    with pytest.raises(pytest.skip.Exception, match="newer than release 1 of the register"):
        refuse_unasked(check_of("ART-002"), register, target)
    assert register.version.endswith("-r1")
    assert IssuedIds.load(two_releases).pinned(Register.load(two_releases), 0).unasked == {}
    with pytest.raises(RegisterError, match="--register=3: there is no such release; there are 1 to 2"):
        IssuedIds.load(two_releases).pinned(Register.load(two_releases), 3)


def test_the_version_is_told_in_the_changelog() -> None:
    """The version of the suite has its place in the changelog, or is the one that is being written."""
    titles = re.findall(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)

    assert titles[0] == "Unreleased" or titles[0] == __version__
    assert re.fullmatch(r"\d+\.\d+\.\d+", __version__)


def test_the_bill_of_materials_has_what_is_locked(tmp_path: Path) -> None:
    """The command of `make sbom` names every pinned distribution of what users install, with its hashes."""
    recipe = (ROOT / "Makefile").read_text().partition("\nsbom:")[2].partition("\n\n")[0]
    line = (
        recipe.partition("\t@$(BIN)/")[2].replace("\\\n", " ").replace("dist/sbom.cdx.json", str(tmp_path / "s.json"))
    )
    program, *arguments = line.split()
    lock = tmp_path / "small.lock"
    pinned = (ROOT / "docker" / "suite" / "build.lock").read_text()
    lock.write_text(pinned)
    arguments = [str(lock) if each.endswith(".lock") else each for each in arguments]
    done = subprocess.run([str(ROOT / ".venv/bin" / program), *arguments], cwd=ROOT, check=False, capture_output=True)

    assert done.returncode == 0, done.stderr.decode()
    document = json.loads((tmp_path / "s.json").read_text())
    assert document["bomFormat"] == "CycloneDX"
    assert {each["name"] for each in document["components"]} == set(re.findall(r"(?m)^([\w.-]+)==", pinned))
