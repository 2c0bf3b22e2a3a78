"""Profiles: each requirement's, what a target promises, and what a check of one may take for given."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest

from registry_conformance.documents.check_listing import checks_by_requirement
from registry_conformance.judge.live.environment.file import EnvironmentFile
from registry_conformance.judge.live.promises import promised_by
from registry_conformance.judge.promises import EVERYTHING, PROFILES, Feature, Promises
from registry_conformance.judge.requirement import Register
from registry_conformance.lab.external.neighbour import Neighbour
from registry_conformance.lab.stack.neighbour_proxy import NeighbourProxy, NoProxy
from registry_conformance.lab.stack.proxy import AnyProxy, EnvoyPart
from tests.tree import ROOT, Function, sources

if TYPE_CHECKING:
    from registry_conformance.lab.stack.layout import Layout

LAYOUT = cast("Layout", SimpleNamespace(new_runner=lambda *_: None))
"""The place of a stack in which nothing is started."""
ADDRESS = re.compile(r"(docs/[a-z-]+\.md#[a-z0-9-]+|https://[^\s()]+)( \([^()]+(\([^()]*\))?[^()]*\))?")
FORMS_OF_THE_PLATFORM = {401, 403, 405, 413, 429, 502, 503, 504}
"""Statuses of errors that whoever stands before MLflow makes: their form is a promise of the platform."""
NEEDS_PLATFORM = {
    "turned_away": "the form of refusals",
    "not_permitted": "the form of refusals",
    "questions": "the key service of the platform",
    "request_id": "request ids",
}


@pytest.fixture(scope="module")
def register() -> Register:
    """The register as it is."""
    return Register.load(ROOT / "suites" / "requirements")


@pytest.fixture(scope="module")
def asked(register: Register) -> dict[str, set[tuple[str, str]]]:
    """Node id of each check -> profile and feature of each requirement that it verifies."""
    found = defaultdict(set)
    for name, nodeids in checks_by_requirement().items():
        for nodeid in nodeids:
            found[nodeid].add((register[name].profile, register[name].feature))
    return found


def anchors(page: Path) -> set[str]:
    """Return every place in a page that an address can name: headings as GitHub spells them, and anchors."""
    text = page.read_text()
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    spelled = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
    return spelled | set(re.findall(r'<a id="([^"]+)"', text))


def test_every_source_can_be_opened(register: Register) -> None:
    """Each requirement's source is a place in docs that is there, or an address, with a note at most."""
    wrong = []
    for requirement in register.values():
        for place in requirement.source.split("; "):
            found = ADDRESS.fullmatch(place)
            page, _, anchor = found[1].partition("#") if found else ("", "", "")
            if not found or (page.startswith("docs/") and anchor not in anchors(ROOT / page)):
                wrong.append(f"{requirement.id}: {place}")
    assert not wrong


def test_a_check_verifies_requirements_of_one_profile(asked: dict[str, set[tuple[str, str]]]) -> None:
    """No check verifies requirements of two profiles, or with a feature and without: either is asked or not."""
    assert not {nodeid: found for nodeid, found in asked.items() if len(found) > 1}


def profiles_of(found: set[tuple[str, str]]) -> set[str]:
    """Return the profiles that a check's requirements are of."""
    return {profile for profile, _ in found}


def test_no_check_of_mlflow_or_gateway_needs_platform(asked: dict[str, set[tuple[str, str]]]) -> None:
    """What everybody promises is checked without a form, header or part that only the platform promises."""
    profiles = {nodeid.partition("[")[0]: profiles_of(found) for nodeid, found in asked.items()}
    portable = [source for source in sources("suites") if not source.path.startswith("suites/local")]
    checks = [(source, check) for source in portable for check in source.checks]
    problems = [
        f"{source.at(check)}: {check.name} needs {what}"
        for source, check in checks
        if profiles.get(f"{source.path}::{check.name}", set()) & {"mlflow", "gateway"}
        for what in needs_of_platform(check)
    ]
    assert len(checks) > 200
    assert not problems


def needs_of_platform(check: Function) -> list[str]:
    """Say what a check takes for given that only the platform promises."""
    names = {argument.arg for argument in (*check.args.args, *check.args.kwonlyargs)}
    names |= {node.attr for node in ast.walk(check) if isinstance(node, ast.Attribute)}
    calls = [node for node in ast.walk(check) if isinstance(node, ast.Call)]
    formed = [call for call in calls if getattr(call.func, "id", "") in {"expect_refused", "expect_json_error"}]
    stated = [call for call in calls if getattr(call.func, "id", "") in {"expect_status", "require"}]
    return [
        *(NEEDS_PLATFORM[name] for name in sorted(names & set(NEEDS_PLATFORM))),
        *(f"the form of a {status}" for call in formed for status in numbers(call) & FORMS_OF_THE_PLATFORM),
        *(f"401 told from 403, {sorted(found)}" for call in stated if len(found := numbers(call) & {401, 403}) == 1),
        *("a challenge" for call in calls if "www-authenticate" in ast.unparse(call).lower()),
        *("Retry-After" for call in calls if "retry-after" in ast.unparse(call).lower()),
    ]


def numbers(call: ast.Call) -> set[int]:
    """Return the numbers among a call's own arguments."""
    return {each.value for each in call.args if isinstance(each, ast.Constant) and isinstance(each.value, int)}


@pytest.mark.parametrize(
    ("line", "needed"),
    [
        ('expect_refused(door.x(), 401, "UNAUTHENTICATED")', "the form of a 401"),
        ("expect_status(door.x(), 403)", "401 told from 403, [403]"),
        ("assert door.x().request_id", "request ids"),
        ('assert door.x().header("www-authenticate")', "a challenge"),
        ("expect_status(door.x(), 401, 403)", None),
        ('expect_refused(door.x(), 404, "RESOURCE_DOES_NOT_EXIST")', None),
    ],
)
def test_need_of_the_platform_is_seen(line: str, needed: str | None) -> None:
    """A line that only the platform's promises bear out is seen as such, and no other."""
    check = ast.parse(f"def test_it(door):\n    {line}").body[0]
    assert isinstance(check, ast.FunctionDef)

    assert needs_of_platform(check) == ([needed] if needed else [])


def environment(**tables: object) -> EnvironmentFile:
    """Return an environment's file with these tables."""
    least = {"description": "x", "access": "read-only", "doors": {"canonical": {"url": "http://a.example"}}}
    return EnvironmentFile.model_validate({**least, **tables})


def test_file_implies_what_it_promises() -> None:
    """Without keys and without anything in front it is MLflow's; what else the file gives promises more."""
    keys, secret = {"writer": {"variable": "KEY"}}, {"variable": "SECRET"}
    bucket = {"name": "abc", "endpoint": "http://s.example", "access_key": secret, "secret_key": secret}

    assert set(promised_by(environment()).profiles) == {"mlflow"}
    assert set(promised_by(environment(origin={"url": "http://a.example"})).profiles) == {"mlflow"}
    assert set(promised_by(environment(origin={"url": "http://b.example:5000"})).profiles) == {"mlflow", "gateway"}
    assert set(promised_by(environment(keys=keys)).profiles) == {"mlflow", "gateway"}
    assert set(promised_by(environment(bucket=bucket)).profiles) == {"mlflow", "store"}
    assert set(promised_by(environment(infrastructure={})).profiles) == {"mlflow", "store", "account"}


def test_file_promises_what_it_says() -> None:
    """Profiles that are named are promised, and no others; each says where that stands."""
    promised = promised_by(environment(promises=["gateway"], features={"request-ids": True}))

    assert set(promised.profiles) == {"gateway"}
    assert promised.unasked("gateway") == ""
    assert promised.unasked("mlflow") == "the profile 'mlflow' is not promised here"
    assert promised.unasked("platform", "request-ids") == ""
    assert promised.features["request-ids"].how.endswith("features.request-ids says true")


def test_feature_that_is_absent_is_not_asked() -> None:
    """A feature that is known to be absent is not asked, one that was only found is no promise."""
    found = {"user-interface": Feature(False, "GET / is a 404"), "request-ids": Feature(True, "GET / carries one")}
    promises = Promises({"mlflow": "x"}, found)

    assert (
        promises.unasked("mlflow", "user-interface") == "the feature 'user-interface' is not promised: GET / is a 404"
    )
    assert promises.unasked("platform", "request-ids") == "the profile 'platform' is not promised here"
    assert promises.unasked("mlflow", "presigned-downloads") == ""


def test_reference_promises_all() -> None:
    """Nothing is left unasked of the reference, nor behind another proxy that asks its auth service."""
    assert [EVERYTHING.unasked(profile) for profile in PROFILES] == [""] * len(PROFILES)
    assert EnvoyPart.promises == NeighbourProxy(LAYOUT, Neighbour("nginx", "tuned")).promises == EVERYTHING


@pytest.mark.parametrize(
    ("proxy", "unasked"),
    [
        (NeighbourProxy(LAYOUT, Neighbour("haproxy", "password")), {"platform", "resilience"}),
        (NoProxy(LAYOUT), {"platform", "gateway", "resilience"}),
    ],
    ids=["haproxy", "none"],
)
def test_stack_promises_what_its_proxy_can_keep(proxy: AnyProxy, unasked: set[str]) -> None:
    """The form of the platform is asked of nobody else's proxy, and what a proxy owes of no MLflow alone."""
    assert {profile for profile in PROFILES if proxy.promises.unasked(profile)} == unasked
