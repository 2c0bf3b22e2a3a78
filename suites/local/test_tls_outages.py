"""What goes wrong behind the proxy is told under TLS as it is without it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fixtures.essentials import need
from fixtures.scratch_stack import Scratch
from fixtures.troubled_deployments import asking, telling
from registry_conformance.judge.clients.comparison import expect_same_answer, expect_same_headers
from registry_conformance.judge.clients.mlflow_http import REST
from registry_conformance.judge.expect import require
from registry_conformance.judge.requirement import verifies
from registry_conformance.lab.deployment import (
    REFERENCE,
    Auth,
    Deployment,
    FixedAnswer,
    KeyService,
    MLflow,
    Proxy,
)
from registry_conformance.lab.disturbance import Answer

SEARCH = f"{REST}/experiments/search"
TOLD = ("retry-after", "content-type", "www-authenticate", "server")


@verifies("OPS-041")
@pytest.mark.parametrize(
    ("deployment", "status"),
    [
        (replace(REFERENCE, auth=Auth(up=False)), 503),
        (asking(KeyService(up=False)), 503),
        (asking(KeyService(answer=FixedAnswer(500, "{}"))), 503),
        (asking(KeyService(answer=FixedAnswer(429, "{}", headers=(("Retry-After", "7"),)))), 429),
        (asking(KeyService(answer=FixedAnswer(401, "{}"))), 401),
        (replace(REFERENCE, mlflow=MLflow(up=False)), 502),
        (replace(REFERENCE, proxy=Proxy(body_limit=100)), 413),
        (telling(Answer(404, "<html>no</html>", "text/html")), 404),
        (telling(Answer(500, "broken", "text/plain")), 500),
        (telling(Answer(503, "busy", "text/plain")), 503),
    ],
    ids=["auth", "keys", "keys-500", "keys-429", "keys-401", "mlflow", "body", "page-404", "plain-500", "plain-503"],
)
def test_outage_is_told_alike_under_tls(scratch: Scratch, deployment: Deployment, status: int) -> None:
    """What a client is told of trouble is the same at both listeners."""
    door = scratch.apply(deployment)
    need(scratch.target, "tls")
    secure = scratch.target.secure
    assert secure is not None, "a stack of our own has a door that takes TLS"
    sent = {"max_results": 1, "padding": "x" * 200}
    plain = require(door.send("POST", SEARCH, json=sent), status)
    under_tls = door.through(secure).send("POST", SEARCH, json=sent)

    expect_same_answer(under_tls, plain)
    expect_same_headers(under_tls, plain, TOLD)
