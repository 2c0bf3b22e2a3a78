"""The generated pages of ``docs/``: their sources and their paths."""

from __future__ import annotations

import json
import secrets
from pathlib import Path

from registry_conformance.documents.api_examples import collect_examples
from registry_conformance.documents.artifact_api import Endpoint, render_artifact_api
from registry_conformance.documents.check_listing import checks_by_requirement
from registry_conformance.documents.compatibility import render_compatibility
from registry_conformance.documents.field_table import render_field_table
from registry_conformance.documents.reference_module import render_reference_module
from registry_conformance.documents.requirements import render_requirements
from registry_conformance.documents.s3_requirements import render_s3_requirements
from registry_conformance.documents.score import render_badge, render_score
from registry_conformance.documents.troubleshooting import render_guide
from registry_conformance.judge.account.own_rights import object_rights, own_rights
from registry_conformance.judge.account.remedy import filled
from registry_conformance.judge.account.statement import write_policy
from registry_conformance.judge.clients.mlflow_http import MlflowHttp
from registry_conformance.judge.diagnosis.causes import CAUSES
from registry_conformance.judge.evidence.recorder import Evidence
from registry_conformance.judge.locations import REGISTER, ROOT
from registry_conformance.judge.requirement import Register
from registry_conformance.judge.target.account import Declared
from registry_conformance.judge.target.target import Target

REQUIREMENTS = ROOT / "docs" / "requirements.md"
TROUBLESHOOTING = ROOT / "docs" / "troubleshooting.md"
S3_REQUIREMENTS = ROOT / "docs" / "s3-requirements.md"
COMPATIBILITY = ROOT / "docs" / "compatibility.md"
REFERENCE_MODULE = ROOT / "docs" / "examples" / "terraform" / "main.tf"
SCORE = ROOT / "docs" / "score.md"
SCORE_BADGE = SCORE.with_suffix(".svg")
ARTIFACT_API = ROOT / "docs" / "artifact-api.md"
FIELD = ROOT / "docs" / "field.md"


def requirements_page() -> str:
    """Return the page of the register, each check once, without its cases."""
    places = {}
    for name, nodeids in checks_by_requirement().items():
        without_cases = (nodeid.partition("[")[0] for nodeid in nodeids)
        places[name] = list(dict.fromkeys(without_cases))
    return render_requirements(Register.load(REGISTER), places)


def artifact_api_page(target: Target) -> str:
    """Return the page of the artifact API, from the responses at a target's first door."""
    run = f"tour-{secrets.token_hex(6)}"
    door = MlflowHttp(target.doors[0], target.keys["writer"], Evidence(), run)
    tour = collect_examples(door, door.with_key(target.keys["reader"]), run)
    endpoints = []
    for sight in tour.sights:
        seen = {situation: dict(exchange.evidence()) for situation, exchange in sight.seen.items()}
        endpoints.append(Endpoint(sight.method, sight.path, sight.does, sight.parameters, seen))
    return render_artifact_api(endpoints, tour.words, target.versions["mlflow"])


def troubleshooting_page() -> str:
    """Return the troubleshooting guide from the causes and the fault catalogue."""
    return render_guide(CAUSES)


def s3_requirements_page() -> str:
    """Return the page of the account requirements, with placeholders for declared values."""
    role = "arn:aws:iam::ACCOUNT:role/ROLE"
    declared = Declared("BUCKET", prefix="PREFIX", region="REGION", account="ACCOUNT", role=role)
    look, objects = (
        json.dumps(json.loads(write_policy(make(declared))), indent=2) for make in (own_rights, object_rights)
    )
    requirements = Register.load(REGISTER).values()
    return render_s3_requirements(
        requirements, lambda lines, indent: filled(lines, declared, indent=indent), look, objects
    )


def compatibility_page() -> str:
    """Return the page of the committed compatibility matrix."""
    return render_compatibility(json.loads(COMPATIBILITY.with_suffix(".json").read_text(encoding="utf-8")))


def reference_module() -> str:
    """Return the Terraform reference module."""
    return render_reference_module(Register.load(REGISTER))


def score_page() -> str:
    """Return the page of the committed mutant score."""
    return render_score(json.loads(SCORE.with_suffix(".json").read_text(encoding="utf-8")))


def score_badge() -> str:
    """Return the badge of the committed mutant score."""
    return render_badge(json.loads(SCORE.with_suffix(".json").read_text(encoding="utf-8")))


def field_page() -> str:
    """Return the page of third-party deployments from their last measurement."""
    return render_field_table(json.loads(FIELD.with_suffix(".json").read_text(encoding="utf-8")))


def is_stale(page: Path, text: str) -> bool:
    """Return whether a page is missing or out of date."""
    return not page.exists() or page.read_text() != text
