"""The module to start from: its plan is green, and each of its resources is there for the requirements above it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from registry_conformance.documents.pages import REFERENCE_MODULE, reference_module
from registry_conformance.judge.account.evaluate import RULES, judge_all
from registry_conformance.judge.account.plan.planned import planned
from registry_conformance.judge.account.required_rights import NEEDS
from registry_conformance.judge.target.account import PlannedAccount
from registry_conformance.judge.verdict import Verdict
from tests.account.hcl_plan import plan_of_hcl
from tests.account.moto_account import ACCOUNT, DECLARED, REGION

FORMATTER = shutil.which("terraform") or shutil.which("tofu")
TEXT = REFERENCE_MODULE.read_text()
GIVEN = {
    "account": ACCOUNT,
    "region": REGION,
    "bucket": DECLARED.bucket,
    "role": DECLARED.role.rpartition("/")[2],
    "log_bucket": "hokusai-access-logs",
    "log_group": next(iter(DECLARED.log_groups)),
}
RESOURCES = re.findall(r"(?m)^(?:resource|provider) .*$", TEXT)
OF_NO_KEY = {"INF-006", "INF-007", "INF-014", "INF-015", "INF-019", "INF-052", "INF-054"}
"""Inapplicable: the module encrypts without KMS, and a service runs MLflow."""
KEPT_BY_NOTHING = {
    *("INF-010", "INF-011", "INF-013", "INF-016", "INF-017", "INF-018"),
    *("INF-020", "INF-023", "INF-024", "INF-025", "INF-026", "INF-027", "INF-028", "INF-029"),
    *("INF-049", "INF-050", "INF-051", "INF-055", "INF-056"),
}
"""What AWS keeps by itself: it is broken by lines that somebody adds, as each fault does, not by lines taken out."""


def red(folder: Path, text: str) -> set[str]:
    """Return what is worse than passed on the plan of a configuration."""
    file = folder / "plan.json"
    file.write_text(json.dumps(plan_of_hcl(text, GIVEN)))
    found = judge_all(*planned(PlannedAccount(file, DECLARED)))
    return {name for name, each in found.items() if each.verdict > Verdict.PASSED}


def without(head: str) -> str:
    """Return the module without one resource."""
    return re.sub(rf"(?ms)^{re.escape(head)}$.*?^}}$\n?", "", TEXT)


def test_module_is_put_together_from_the_register() -> None:
    """The file in docs/examples is what the register's lines make."""
    assert reference_module() == TEXT


def test_plan_of_the_module_is_green(tmp_path: Path) -> None:
    """Every requirement is kept by the module as it is, but those that it has nothing for."""
    file = tmp_path / "plan.json"
    file.write_text(json.dumps(plan_of_hcl(TEXT, GIVEN)))
    found = judge_all(*planned(PlannedAccount(file, DECLARED)))

    assert {name for name, each in found.items() if each.verdict is not Verdict.PASSED} == OF_NO_KEY, found
    assert {found[name].verdict for name in OF_NO_KEY} == {Verdict.INAPPLICABLE}


@pytest.mark.parametrize("head", [each for each in RESOURCES if "request_payment" not in each])
def test_resource_is_there_for_its_requirements(tmp_path: Path, head: str) -> None:
    """Without a resource a requirement that stands above it is no longer kept."""
    above = re.findall(r"INF-\d{3}", TEXT.partition(head)[0].rpartition("}")[2])

    assert above
    assert red(tmp_path, without(head)) & set(above)


def test_every_requirement_has_its_lines(tmp_path: Path) -> None:
    """Each requirement that lines keep is red without some of them: resources, flags, rules, actions, places."""
    lines = [re.escape(f'          "{action}"') + ",?" for action in NEEDS.values()]
    lines += [r"  block_public_acls .*", r"  region .*", r"  retention_in_days .*", r"  target_prefix .*"]
    lines += [r'(?s)  rule \{\n    id     = "replaced-versions".*?\n  \}\n']
    lines += [r'(?s)  rule \{\n    id     = "unfinished-uploads".*?\n  \}\n']
    lines += [r'(?s)          "\$\{var\.service\}"\n']
    cut = [re.sub(rf"(?m)^{each}" if not each.startswith("(?s)") else each, "", TEXT) for each in lines]
    cut = [re.sub(r",(\s*\])", r"\1", each) for each in cut]
    seen = [red(tmp_path, each) for each in (*cut, *map(without, RESOURCES))]

    assert all(each != TEXT for each in cut)
    assert set(RULES) - set().union(*seen) <= KEPT_BY_NOTHING | OF_NO_KEY


@pytest.mark.skipif(FORMATTER is None, reason="there is no terraform and no tofu on PATH")
def test_module_is_formatted() -> None:
    """The file is of the form that Terraform and OpenTofu give it."""
    checked = [str(FORMATTER), "fmt", "-check", str(REFERENCE_MODULE.parent)]
    assert subprocess.run(checked, capture_output=True, timeout=600, check=False).returncode == 0
