"""A CloudFormation template's file: JSON, or YAML with its short forms of functions."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from registry_conformance.judge.account.plan.document import PlanError

Document = Mapping[str, Any]
_ENVIRONMENT = re.compile(r"aws://(\d{12})/([a-z]{2}[a-z-]*-\d)")


def is_template(document: object) -> bool:
    """Return whether a document is a CloudFormation template: it has resources, each with a type."""
    resources = document.get("Resources") if isinstance(document, Mapping) else None
    return isinstance(resources, Mapping)


def read_yaml(text: str) -> object:
    """Return what a text of YAML says, functions in their long form (``!Ref a`` is ``{"Ref": "a"}``).

    Raises ``PlanError`` for what is no YAML, and where nothing here can read it.
    """
    try:
        import yaml  # noqa: PLC0415 - only who judges a template of YAML needs it
    except ImportError:
        raise PlanError("it is YAML, which PyYAML reads: pip install pyyaml, or give the template as JSON") from None

    def _as_text(loader: Any, node: Any) -> Any:
        return loader.construct_scalar(node)

    class Loader(yaml.SafeLoader):
        """Reads short forms of functions, and takes dates for texts."""

    def function(loader: Any, name: str, node: Any) -> dict[str, Any]:
        """Return a short form as a long one; that of an attribute may be one text with a full stop."""
        if isinstance(node, yaml.ScalarNode):
            value: Any = loader.construct_scalar(node)
        elif isinstance(node, yaml.SequenceNode):
            value = loader.construct_sequence(node, deep=True)
        else:
            value = loader.construct_mapping(node, deep=True)
        if name == "GetAtt" and isinstance(value, str):
            value = value.split(".", 1)
        return {name if name in {"Ref", "Condition"} else f"Fn::{name}": value}

    Loader.add_multi_constructor("!", function)
    Loader.add_constructor("tag:yaml.org,2002:timestamp", _as_text)
    try:
        return yaml.load(text, Loader)  # noqa: S506 - a subclass of the safe loader
    except yaml.YAMLError as problem:
        raise PlanError(f"it is neither JSON nor YAML ({str(problem).splitlines()[0]})") from None


def environment_of(file: Path) -> tuple[str, str]:
    """Return account and region that CDK's manifest beside a template names for it, empty where none does."""
    try:
        manifest = json.loads((file.parent / "manifest.json").read_text())
    except (OSError, ValueError):
        return "", ""
    artifacts = manifest.get("artifacts") if isinstance(manifest, Mapping) else None
    for each in artifacts.values() if isinstance(artifacts, Mapping) else ():
        properties = each.get("properties") if isinstance(each, Mapping) else None
        if isinstance(properties, Mapping) and properties.get("templateFile") == file.name:
            found = _ENVIRONMENT.fullmatch(str(each.get("environment")))
            return (found[1], found[2]) if found else ("", "")
    return "", ""
