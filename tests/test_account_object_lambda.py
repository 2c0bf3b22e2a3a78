"""Access points of Object Lambda: one more way to the bucket, before an access point of it."""

from __future__ import annotations

import json
from pathlib import Path

from registry_conformance.judge.account.evaluate import judge
from registry_conformance.judge.account.plan.planned import planned
from registry_conformance.judge.account.reference import promised
from registry_conformance.judge.account.statement import Statement, write_policy
from registry_conformance.judge.target.account import PlannedAccount
from registry_conformance.judge.verdict import Verdict
from tests.account.moto_account import ACCOUNT, DECLARED, STRANGER
from tests.account.plan_writer import plan_of

POINT = f"arn:aws:s3:{DECLARED.region}:{ACCOUNT}:accesspoint/models"


def test_access_point_of_object_lambda_in_a_plan(tmp_path: Path) -> None:
    """An access point of Object Lambda before one of the bucket's lets in whom its own policy names."""

    def judged_for(who: str, before: str = POINT) -> Verdict:
        far = f"arn:aws:s3-object-lambda:{DECLARED.region}:{ACCOUNT}:accesspoint/models"
        reads = Statement(actions=("s3-object-lambda:GetObject",), resources=(far,), principals=(who,))
        plan = plan_of(promised(DECLARED), DECLARED)
        for kind, values in (
            ("aws_s3_access_point", {"name": "models", "bucket": DECLARED.bucket, "arn": POINT, "policy": "{}"}),
            (
                "aws_s3control_object_lambda_access_point",
                {"name": "models", "configuration": [{"supporting_access_point": before}]},
            ),
            ("aws_s3control_object_lambda_access_point_policy", {"name": "models", "policy": write_policy([reads])}),
        ):
            whole = {"address": f"{kind}.models", "type": kind, "name": "models", "mode": "managed"}
            plan["planned_values"]["root_module"]["resources"].append({**whole, "values": values})
            change = {"actions": ["create"], "before": None, "after": values, "after_unknown": {}}
            plan["resource_changes"].append({**whole, "change": change})
        file = tmp_path / "plan.json"
        file.write_text(json.dumps(plan))
        return judge("INF-025", *planned(PlannedAccount(file, DECLARED))).verdict

    assert judged_for(f"AWS:{STRANGER}") is Verdict.FAILED
    assert judged_for("*") is Verdict.FAILED
    assert judged_for(f"AWS:{DECLARED.role}") is Verdict.PASSED
    assert judged_for("*", POINT.replace("models", "others")) is Verdict.PASSED
