"""Allure 3's configuration and history: the last nightly runs of the series."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from registry_conformance.judge.report.allure import CATEGORIES, STATUS, identity
from registry_conformance.judge.report.record import RunRecord
from registry_conformance.judge.report.run_snapshot import CheckOutcome, RunSnapshot

HISTORY = "allure-history.jsonl"
NIGHTS = 10


def config(run: RunRecord) -> dict[str, Any]:
    """Return the configuration for ``allure generate --config``, run in the folder of the report."""
    return {
        "name": f"Registry conformance: {run.target.get('name') or 'target'}",
        "output": "./allure-report",
        "historyPath": f"./{HISTORY}",
        "appendHistory": False,
        "historyLimit": NIGHTS,
        "categories": [
            {
                "name": category["name"],
                "matchers": {"statuses": category["matchedStatuses"]}
                | ({"message": category["messageRegex"]} if "messageRegex" in category else {}),
            }
            for category in CATEGORIES
        ],
    }


def lines(nights: Iterable[RunSnapshot]) -> Iterator[bytes]:
    """Yield one line a run, oldest first, in the form of Allure 3's own history."""
    for night in nights:
        began = round(datetime.fromisoformat(night.started).timestamp() * 1000)
        results = dict(_result(night, nodeid, outcome, began) for nodeid, outcome in night.checks.items())
        point = {
            "uuid": str(uuid.uuid5(uuid.NAMESPACE_OID, night.run)),
            "name": night.run,
            "timestamp": began,
            "knownTestCaseIds": sorted({name.partition(".")[0] for name in results}),
            "testResults": results,
            "metrics": {},
            "url": "",
        }
        yield (json.dumps(point) + "\n").encode()


def _result(night: RunSnapshot, nodeid: str, outcome: CheckOutcome, began: int) -> tuple[str, dict[str, Any]]:
    """Return Allure 3's history id of a check, and the check's result in that run."""
    case_id, parameters = identity(nodeid)
    told = ",".join(f"{name}:{value}" for name, value in sorted(parameters.items()))
    history_id = f"{_md5(case_id)}.{_md5(told)}"
    took = round(outcome.seconds * 1000)
    result = {
        "id": uuid.uuid5(uuid.NAMESPACE_OID, f"{night.run}/{nodeid}").hex,
        "name": nodeid.rpartition("::")[2],
        "status": STATUS[outcome.verdict],
        "start": began,
        "stop": began + took,
        "duration": took,
        "url": "",
        "historyId": history_id,
    }
    return history_id, result | ({"message": outcome.reason} if outcome.reason else {})


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
