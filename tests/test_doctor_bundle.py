"""What a third party sends to the operator holds all that tells, no secret, and opens as a page."""

from __future__ import annotations

import html
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from registry_conformance.judge.diagnosis.bundle import BundleError, check_bundle, write_bundle
from registry_conformance.judge.diagnosis.diagnosis import diagnose
from registry_conformance.judge.diagnosis.doctor import target_at
from registry_conformance.judge.locations import ROOT
from registry_conformance.judge.owned_file import write_owned
from registry_conformance.judge.report.bundle_page import BundleUnreadableError, is_bundle, render_bundle
from registry_conformance.judge.report.redact import Redactor
from registry_conformance.judge.target.target import Door
from tests.web_answers import Answer, always, site

pytestmark = pytest.mark.usefixtures("forked_throughout")

SECRET = "hk-this-is-my-secret-key"
NOISE = "<script>alert(1)</script>" + "x" * 9000


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """The bundle of a registry that refuses a key, and repeats it in a long page."""
    refusal = Answer(401, f"<title>No {SECRET}</title>{NOISE}")
    with site(always(refusal)) as there:
        target = target_at(Door("given", there.url), SECRET)
        found = diagnose(target, "run-1")
    file = tmp_path / "for-the-operator.json"
    write_bundle(file, target, found, Redactor(target.secrets))
    return file


def test_a_bundle_holds_what_tells_and_no_secret(bundle: Path) -> None:
    """Verdict, facts and exchanges are there, bodies are cut, and the key is nowhere."""
    text = bundle.read_text()
    told = json.loads(text)
    assert "your key is refused" in told["verdict"][0]
    assert told["exchanges"]
    assert all(len(each["response_body"].get("text", "")) <= 4200 for each in told["exchanges"])
    assert SECRET not in text
    assert bundle.stat().st_mode & 0o077 == 0


def test_a_bundle_is_closed_to_others_though_its_file_was_open(bundle: Path, tmp_path: Path) -> None:
    """Kind: a mode left to the machine's default. A file that others could read is its owner's, under any mask."""
    told, page = json.loads(bundle.read_text()), tmp_path / "page" / "index.html"
    bundle.chmod(0o666)
    page.parent.mkdir()
    page.touch()
    page.chmod(0o666)
    usual = os.umask(0)
    try:
        render_bundle(bundle, page.parent)
        write_owned(bundle, "shorter")
    finally:
        os.umask(usual)

    assert told["verdict"][0] in html.unescape(page.read_text())
    assert bundle.read_text() == "shorter"
    assert [file.stat().st_mode & 0o777 for file in (bundle, page)] == [0o600, 0o600]


def test_a_bundle_opens_as_a_page(bundle: Path, tmp_path: Path) -> None:
    """``render`` writes a page of it, in which nothing of the target's is carried out."""
    command = [sys.executable, str(ROOT / "scripts" / "render"), str(bundle), str(tmp_path / "page")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "page" / "index.html").read_text()
    assert "your key is refused" in page
    assert "<script>" not in page


def test_a_broken_bundle_is_refused_with_its_name(tmp_path: Path) -> None:
    """A file that is only the beginning of a bundle is told as that."""
    file = tmp_path / "half.json"
    file.write_text('{"schema": "doctor-bundle.v1", "target"')
    assert is_bundle(file)
    with pytest.raises(BundleUnreadableError, match=r"half\.json"):
        render_bundle(file, tmp_path / "page")


def test_a_bundle_that_cannot_be_written_is_told_before_the_target_is_asked(tmp_path: Path) -> None:
    """Nothing is sent, and nothing is left of the trial where the file can be written."""
    with site(always(Answer(404))) as there:
        command = [sys.executable, str(ROOT / "scripts" / "doctor"), f"--url={there.url}"]
        done = subprocess.run(
            [*command, f"--bundle={tmp_path / 'absent' / 'file.json'}"],
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
    (tmp_path / "link").symlink_to(tmp_path / "new")
    check_bundle(tmp_path / "link")

    assert (done.returncode, done.stdout) == (4, "")
    assert "--bundle=" in done.stderr
    assert "this writes to the target" not in done.stderr
    assert [each.name for each in tmp_path.iterdir()] == ["link"]


def test_a_compact_bundle_is_one(bundle: Path) -> None:
    """Kind: a form that only its writer has. The white space of JSON does not matter."""
    bundle.write_text(json.dumps(json.loads(bundle.read_text()), separators=(",", ":")))
    assert is_bundle(bundle)


def test_a_bundle_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    """A folder that is not there is named with the option."""
    with site(always(Answer(404))) as there:
        target = target_at(Door("given", there.url), None)
        found = diagnose(target, "run-1")
    with pytest.raises(BundleError, match="--bundle"):
        write_bundle(tmp_path / "absent" / "file.json", target, found, Redactor(()))
