"""A plan's file: JSON of Terraform or OpenTofu, or a CloudFormation template, which CDK also generates."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from registry_conformance.judge.account.plan.document import Plan, document_of, plan_of_document, read_bytes
from registry_conformance.judge.account.template.read import environment_of, is_template, read_yaml
from registry_conformance.judge.account.template.translate import plan_of_template
from registry_conformance.judge.target.account import Declared

_YAML = re.compile(rb"^(?:AWSTemplateFormatVersion|Resources)\s*:", re.MULTILINE)


def read_plan(file: Path, declared: Declared | None = None) -> Plan:
    """Return the plan of a file; ``declared`` names what a template leaves CloudFormation to name.

    Raises ``PlanError`` for any other content, and for an unreadable file.
    """
    raw = read_bytes(file)
    document: Any = read_yaml(raw.decode(errors="replace")) if _YAML.search(raw) else document_of(raw)
    if is_template(document):
        return plan_of_template(document, environment_of(file), declared)
    return plan_of_document(document)
