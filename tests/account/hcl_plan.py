"""The plan of a configuration of one file: its resources with their values, as they are once variables are given.

Only what such a file has: literals, ``var.NAME``, ``jsonencode`` of an object, and an attribute of another resource.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import hcl2

Resources = dict[tuple[str, str], Any]


def plan_of_hcl(text: str, given: Mapping[str, str]) -> dict[str, Any]:
    """Return the plan of a configuration of which nothing is there yet, by the schema of the AWS provider."""
    defaults = dict(re.findall(r'variable "(\w+)" \{[^}]*?default\s*=\s*"([^"]*)"', text))
    for name, value in {**defaults, **given}.items():
        text = text.replace(f"${{var.{name}}}", value)
        text = re.sub(rf"(= |\[)var\.{name}\b", rf'\1"{value}"', text)
    whole = hcl2.loads(text)
    found: Resources = {
        (_plain(kind), _plain(name)): _value(values)
        for each in whole.get("resource", ())
        for kind, named in each.items()
        for name, values in named.items()
    }
    for values in found.values():
        for attribute, value in values.items():
            values[attribute] = _referred(value, found)
    resources = [_resource(kind, name, values) for (kind, name), values in found.items()]
    provider = _value(whole["provider"][0]['"aws"']) if "provider" in whole else {}
    expressions = {name: {"constant_value": value} for name, value in provider.items()}
    return {
        "format_version": "1.2",
        "planned_values": {"root_module": {"resources": resources}},
        "resource_changes": [{**each, "change": {"actions": ["create"], "after_unknown": {}}} for each in resources],
        "configuration": {
            "provider_config": {"aws": {"name": "aws", "expressions": expressions}},
            "root_module": {"resources": []},
        },
    }


def _resource(kind: str, name: str, values: Mapping[str, Any]) -> dict[str, Any]:
    kept = {attribute: value for attribute, value in values.items() if attribute != "lifecycle"}
    return {"address": f"{kind}.{name}", "mode": "managed", "type": kind, "name": name, "values": kept}


def _plain(text: str) -> str:
    return text[1:-1] if text.startswith('"') else text


def _value(raw: Any) -> Any:
    if isinstance(raw, list):
        return [_value(each) for each in raw]
    if isinstance(raw, Mapping):
        return {_plain(name): _value(each) for name, each in raw.items() if name != "__is_block__"}
    if not isinstance(raw, str):
        return raw
    document = re.fullmatch(r"\$\{jsonencode\((.*)\)\}", raw, re.DOTALL)
    return json.dumps(json.loads(re.sub(r'" = ', '": ', document[1]))) if document else _plain(raw)


def _referred(value: Any, resources: Resources) -> Any:
    """Return what an attribute of another resource is."""
    found = re.fullmatch(r"\$\{(\w+)\.(\w+)\.(\w+)\}", value) if isinstance(value, str) else None
    return resources.get((found[1], found[2]), {}).get(found[3]) if found else value
