"""Plans of an account, of the shapes that Terraform 1.11 writes: its JSON was looked at, with modules and all.

Layouts: ``existing`` (applied before, all is known), ``new`` (references to a bucket whose id is unknown), ``counted``
(a module called with ``for_each``, resources in it with ``count``), ``keyed`` (two buckets by ``for_each`` at the
root), ``apart`` (the bucket in one module, what is about it in another, joined by an output and a variable),
``locals`` (as public modules have it: a module for each bucket, all in it by ``count``, the bucket named by a local
value), ``nested`` (modules for storage and identity in a module of the platform's), ``inline`` (settings as
blocks of the bucket itself).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from registry_conformance.judge.account.fact import Known
from registry_conformance.judge.account.state import State
from registry_conformance.judge.target.account import Declared
from tests.account.plan_inline import fold
from tests.account.plan_part import Part
from tests.account.plan_parts import parts

LAYOUTS = ("existing", "new", "counted", "keyed", "apart", "locals", "nested", "inline")
_BY_COUNT = ("counted", "locals")
_LABEL = {"aws_s3_bucket": "bucket", "aws_iam_role": "name", "aws_iam_policy": "arn"}
_ATTRIBUTE = {"aws_s3_bucket": "id", "aws_iam_role": "name", "aws_iam_policy": "arn"}


class Writer:
    """Builds the parts of a plan: values and unknowns by module, and the configuration that they come from."""

    def __init__(self, layout: str) -> None:
        self.layout = layout
        self._resources: dict[str, list[dict[str, Any]]] = {}
        self._changes: list[dict[str, Any]] = []
        self._configured: dict[str, dict[str, dict[str, Any]]] = {}

    def write(self, found: Iterable[Part]) -> None:
        """Add resources, those of S3 if the layout has them."""
        for part in found:
            of_s3 = part.type.startswith("aws_s3_")
            if self.layout == "nested":
                inside = 'storage["artifacts"]' if of_s3 else "identity"
                self.add(part, module=f"module.platform[0].module.{inside}", index=0 if of_s3 else None)
            elif of_s3 and self.layout in _BY_COUNT:
                self.add(part, module='module.storage["artifacts"]', index=0)
            elif of_s3 and self.layout == "keyed":
                self.add(part, index="artifacts")
            elif of_s3 and self.layout == "apart":
                self.add(part, module="module.bucket" if part.type == "aws_s3_bucket" else "module.settings")
            else:
                self.add(part)

    def add(self, part: Part, module: str = "", index: str | int | None = None) -> None:
        """Add one resource in a module's instance."""
        refers = part.refers
        existing = self.layout == "existing"
        values: dict[str, Any] = dict(part.values)
        for attribute, kind in refers.items():
            values.pop(attribute, None)
            if existing or _ATTRIBUTE[kind] == "name":
                values[attribute] = self._named(kind)
        unknown: dict[str, Any] = {} if existing else dict.fromkeys(part.computed, True)
        unknown |= {attribute: True for attribute in refers if attribute not in values}
        if existing:
            arn = part.values.get("arn") or f"arn:aws:iam::aws:{part.values.get('name')}"
            values |= {"id": values.get("id") or values.get("bucket") or "i-1", "arn": arn}
        if part.type.endswith("lifecycle_configuration") and not existing:
            unknown["rule"] = [{"filter": [{}], "prefix": True} for _ in values["rule"]]
        where = {"type": part.type, "name": part.label, "provider_name": "registry.terraform.io/hashicorp/aws"}
        local = f"{part.type}.{part.label}" + ("" if index is None else f"[{json.dumps(index)}]")
        whole: dict[str, Any] = {"address": f"{module}.{local}".lstrip("."), "mode": "managed", **where}
        whole |= {} if index is None else {"index": index}
        self._resources.setdefault(module, []).append({**whole, "schema_version": 0, "values": values})
        change: dict[str, Any] = {"before": None, "after": values, "after_unknown": unknown, "before_sensitive": False}
        change |= {"actions": ["no-op"] if existing else ["create"], "after_sensitive": {}}
        inside = {"module_address": module} if module else {}
        self._changes.append({**whole, **inside, "change": change})
        self._configure(part, module, index)

    def _named(self, kind: str) -> str:
        """Return what a resource of a type is called, if that is known."""
        for found in self._resources.values():
            for each in found:
                if each["type"] == kind:
                    return str(each["values"][_LABEL[kind]])
        return "arn:aws:iam::aws:boundary"

    def _configure(self, part: Part, module: str, index: str | int | None) -> None:
        given = {name: _expression(value) for name, value in part.values.items() if value is not None}
        given |= {attribute: {"references": self._references(kind, index)} for attribute, kind in part.refers.items()}
        configured: dict[str, Any] = {
            "address": f"{part.type}.{part.label}",
            "mode": "managed",
            "type": part.type,
            "name": part.label,
            "provider_config_key": "aws",
            "expressions": given,
            "schema_version": 0,
        }
        if isinstance(index, int):
            configured["count_expression"] = {"constant_value": 1}
        elif index is not None:
            configured["for_each_expression"] = {"references": ["local.buckets"]}
        self._configured.setdefault(re.sub(r"\[[^]]*\]", "", module), {})[f"{part.type}.{part.label}"] = configured

    def _references(self, kind: str, index: str | int | None) -> list[str]:
        attribute = _ATTRIBUTE[kind]
        if kind == "aws_s3_bucket" and self.layout == "apart":
            return ["var.bucket_id"]
        if kind == "aws_s3_bucket" and self.layout == "locals":
            return ["local.bucket_id"]
        if isinstance(index, int) and kind == "aws_s3_bucket":
            return [f"{kind}.this[0].{attribute}", f"{kind}.this[0]", f"{kind}.this"]
        if index is not None:
            return [f"{kind}.this", "each.key"]
        return [f"{kind}.this.{attribute}", f"{kind}.this"]

    def document(self, region: str, account: str) -> dict[str, Any]:
        """Return the whole plan."""
        root: dict[str, Any] = {"resources": self._resources.get("", [])}
        children = _children({name: each for name, each in self._resources.items() if name})
        caller = {"address": "data.aws_caller_identity.me", "mode": "data", "type": "aws_caller_identity", "name": "me"}
        prior = {"resources": [{**caller, "values": {"account_id": account, "arn": "arn:aws:iam::0:user/ci"}}]}
        return {
            "format_version": "1.2",
            "terraform_version": "1.11.4",
            "variables": {"region": {"value": region}},
            "planned_values": {"root_module": root | ({"child_modules": children} if children else {})},
            "resource_changes": self._changes,
            "prior_state": {"format_version": "1.0", "values": {"root_module": prior}},
            "configuration": {
                "provider_config": {"aws": {"name": "aws", "expressions": {"region": {"references": ["var.region"]}}}},
                "root_module": self._root(),
            },
            "timestamp": "2026-11-24T00:00:00Z",
            "applyable": True,
            "complete": True,
            "errored": False,
        }

    def _root(self) -> dict[str, Any]:
        calls: dict[str, Any] = {}
        output = {"references": ["aws_s3_bucket.this.id", "aws_s3_bucket.this"]}
        for name, resources in self._configured.items():
            at = calls
            for step in name.split(".")[1:-1:2]:
                at = at.setdefault(step, {"module": {}})["module"].setdefault("module_calls", {})
            if name:
                at[name.rpartition(".")[2]] = {
                    "source": f"./{name.rpartition('.')[2]}",
                    "expressions": {"name": {"references": ["each.value"]}},
                    "module": {"resources": list(resources.values())},
                }
        if "bucket" in calls:
            calls["bucket"]["module"]["outputs"] = {"id": {"expression": output}}
        if "settings" in calls:
            joined = {"references": ["module.bucket.id", "module.bucket"]}
            calls["settings"]["expressions"] = {"bucket_id": joined}
            calls["settings"]["module"]["variables"] = {"bucket_id": {}}
        return {"resources": list(self._configured.get("", {}).values()), "module_calls": calls}


def _children(modules: Mapping[str, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """Return modules with their resources, each in the one that calls it, as a plan has them."""
    found: dict[str, dict[str, Any]] = {}
    for name, resources in modules.items():
        parent = name.rpartition(".module.")[0]
        own = {"address": name, "resources": resources}
        if parent:
            found.setdefault(parent, {"address": parent, "child_modules": []})["child_modules"].append(own)
        else:
            found[name] = own
    return list(found.values())


def _expression(value: Any) -> Any:
    """Return how a configuration tells a value: blocks in lists, the rest as a constant."""
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return [_expressions(block) for block in value]
    return {"constant_value": value}


def _expressions(block: dict[str, Any]) -> dict[str, Any]:
    return {name: _expression(each) for name, each in block.items() if each is not None}


def plan_of(state: State, declared: Declared, layout: str = "existing") -> dict[str, Any]:
    """Return the plan that would make an account, in one of the layouts; the bucket of its access log is in it too."""
    writer = Writer(layout)
    writer.write(fold(parts(state)) if layout == "inline" else parts(state))
    if declared.access_log and layout in {*_BY_COUNT, "keyed"}:
        log = Part("aws_s3_bucket", {"bucket": declared.access_log[0]})
        bare = Part("aws_s3_bucket_versioning", {"versioning_configuration": [{"status": "Suspended"}]})
        about = Part(bare.type, bare.values, ("id",), {"bucket": "aws_s3_bucket"})
        for part in (log, about):
            if layout in _BY_COUNT:
                writer.add(part, module='module.storage["logs"]', index=0)
            else:
                writer.add(part, index="logs")
    found = state.bucket.value if isinstance(state.bucket, Known) else None
    region = found.region.value if found and isinstance(found.region, Known) else declared.region
    account = found.account.value if found and isinstance(found.account, Known) else declared.account
    return writer.document(region, account)
