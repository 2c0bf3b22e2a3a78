"""An upload in parts that MLflow cannot do was not begun, and is not listed as left behind."""

from __future__ import annotations

from pathlib import Path

import pytest

from registry_conformance.judge.clients.mlflow_http import ARTIFACTS, MlflowHttp
from registry_conformance.judge.evidence.recorder import Evidence
from registry_conformance.judge.target.guard import Budget, Guard
from registry_conformance.judge.target.target import Door
from tests.web_answers import Answer, always, site

RUN = "verify-20300101-000000-abcdef"
TARGET = '{"doors": ["x"], "bucket": ""}'
CANNOT = Answer(501, {"error_code": "NOT_IMPLEMENTED", "message": "Multipart upload is not supported"})
FAILED = Answer(501, {"error_code": "INTERNAL_ERROR", "message": "NotImplemented"})


@pytest.mark.parametrize(("answer", "left"), [(CANNOT, 0), (FAILED, 1)])
def test_only_mlflow_s_own_word_says_that_nothing_was_begun(tmp_path: Path, answer: Answer, left: int) -> None:
    """MLflow's NOT_IMPLEMENTED takes the upload off the ledger; another failure with that status does not."""
    guard = Guard(tmp_path / f"{RUN}.sqlite", RUN, Budget(10, 1000, 3, 60.0), False, 5, TARGET)
    guard.open()
    with site(always(answer)) as there:
        client = MlflowHttp(Door("d", there.url, guard=guard), None, Evidence(), RUN)
        client.send("POST", f"{ARTIFACTS}/mpu/create/{RUN}-x", json={"path": "parts.bin", "num_parts": 1})
    assert len([each for each in guard.left(TARGET) if each.kind == "upload"]) == left
