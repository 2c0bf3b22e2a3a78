"""Faults that appear over time: old connections, memory leaks, data from before a change, secrets in logs."""

from __future__ import annotations

from registry_conformance.lab.disturbance import Break, EditBody, When
from registry_conformance.lab.faults.change import both, on, part
from registry_conformance.lab.faults.fault import Fault
from registry_conformance.lab.faults.paths import FILE, REST, SEARCH
from registry_conformance.lab.faults.symptom import Ask, LogLine

_OLD = f"{REST}/experiments/get?experiment_id=0"

FAULTS = (
    Fault(
        name="stale-connections-not-retried",
        layer="proxy",
        seen="a read is 502 now and then, mostly after MLflow was restarted, and works when it is repeated",
        change=both(
            part("proxy", retries=0),
            on("mlflow", When(("GET",), path="/mlflow/experiments/search", every=3), Break()),
        ),
        symptoms=(*[Ask("GET", SEARCH, status="200")] * 2, Ask("GET", SEARCH, status="502")),
        incidents=("R19",),
    ),
    Fault(
        name="memory-runs-out",
        layer="mlflow",
        seen="some uploads are 502, more of them the longer MLflow runs, and all is well after each restart",
        change=on("server", When(("PUT",), path="/mlflow-artifacts/artifacts/", every=4), Break()),
        symptoms=(*[Ask("PUT", FILE, body="x", status="200")] * 3, Ask("PUT", FILE, body="x", status="502")),
        incidents=("N5", "R14"),
    ),
    Fault(
        name="old-experiments-elsewhere",
        layer="mlflow",
        seen="new experiments work, runs of old ones upload past the proxy, to where nobody looks",
        change=on(
            "server",
            When(("GET",), path="experiments/get\\?(.*&)?experiment_id=0(&|$)"),
            EditBody(r'("artifact_location":\s*)"[^"]*"', r'\1"s3://another-bucket/0"'),
        ),
        symptoms=(Ask("GET", _OLD, status="200", shows="s3://another-bucket/0"),),
        incidents=("S19",),
    ),
    Fault(
        name="keys-in-the-access-log",
        layer="proxy",
        seen="everything works; whoever reads the proxy's log can use every key in it",
        change=part("proxy", logs_keys=True),
        symptoms=(Ask("GET", SEARCH, status="200"), LogLine("proxy", '"key":"Bearer hk_')),
        incidents=("A16",),
    ),
)
