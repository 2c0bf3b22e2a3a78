"""Logging as declared: of requests to the bucket, and CloudWatch log groups."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from registry_conformance.judge.account.fact import Absent, Known, Pending
from registry_conformance.judge.account.finding import Finding, judged, standing, value
from registry_conformance.judge.account.rules.rule import Rule, needs_declared
from registry_conformance.judge.account.state import State
from registry_conformance.judge.target.account import Declared


def _access_log(state: State, declared: Declared) -> Finding:
    wanted = declared.access_log
    needs_declared(wanted, "access_log")
    found = value(standing(state.bucket, "bucket").access_log, "access logging")
    assert wanted is not None, "the line above says so"
    return judged(found == wanted, f"an access log under s3://{'/'.join(wanted)}", f"s3://{'/'.join(found)}")


def _groups_exist(state: State, declared: Declared) -> Finding:
    needs_declared(declared.log_groups, "log_groups")
    found = {group: state.log_groups.get(group, Absent()) for group in declared.log_groups}
    missing = [group for group, fact in found.items() if isinstance(fact, Absent)]
    for group, fact in found.items():
        if not missing and not isinstance(fact, Pending):  # a group is there, whatever it is planned to keep
            value(fact, f"the log group {group}")
    expected = f"the log groups {', '.join(found)}"
    return judged(not missing, expected, f"there is no {', '.join(missing)}" if missing else "they are there")


def _lines_are_kept(state: State, declared: Declared) -> Finding:
    needs_declared(declared.log_groups, "log_groups")
    for group in declared.log_groups:
        standing(state.log_groups.get(group, Absent()), f"log group {group}")
    kept = {group: fact.value for group, fact in state.log_groups.items() if isinstance(fact, Known)}
    short = [f"{group}: {kept[group]}" for group, days in declared.log_groups.items() if 0 < kept[group] < days]
    expected = ", ".join(f"{group}: {days} days" for group, days in declared.log_groups.items())
    return judged(not short, f"lines are kept at least so long: {expected}", ", ".join(short) or "they are")


RULES: Mapping[str, Rule] = MappingProxyType(
    {"INF-030": _access_log, "INF-031": _groups_exist, "INF-032": _lines_are_kept}
)
