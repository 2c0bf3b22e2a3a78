"""A verdict that all is well says up to what it was tried."""

from __future__ import annotations

import json

from registry_conformance.judge.diagnosis import doctor
from registry_conformance.judge.diagnosis.facts import Facts
from registry_conformance.judge.diagnosis.named import Diagnosis
from registry_conformance.judge.diagnosis.tried import tried
from registry_conformance.judge.evidence.exchange import Body, Exchange
from registry_conformance.judge.target.target import Door


def listed(*names: str) -> Facts:
    """Return what is seen where a list of a folder has these files."""
    text = json.dumps({"files": [{"path": name, "is_dir": False} for name in names]})
    answer = Exchange(
        "GET", "http://host/api/2.0/mlflow-artifacts/artifacts?path=a", "main", 200, (),
        response_headers=(("Content-Type", "application/json"),), response_body=Body(len(text), "", text.encode()),
    )  # fmt: skip
    facts = Facts()
    facts.record("reach.line.P", "all open", "a connection", "all open")
    facts.record("register.files.P", "works", "a list", "works", (answer.evidence(),))
    return facts


def test_how_many_files_and_which_size_were_tried_is_said() -> None:
    """A list that ends after some more files, or a limit above the largest size, is not seen: the verdict says so."""
    facts = listed("MLmodel", "model.pkl")
    facts.record("size.5m.get.P", "200 whole", "a download", "200 whole")
    facts.record("size.9m.get.P", "200 short", "a download", "")
    target = doctor.target_at(Door("given", "http://registry.example"), None)
    text = "\n".join(doctor.lines(target, Diagnosis((), facts)))
    assert "YES" in text
    assert "Tried with up to 2 files in one folder and files of up to 5 MiB; more was not tried." in text


def test_nothing_is_said_of_what_was_not_tried() -> None:
    """Without a list and without an upload there is no number to name."""
    assert tried(Facts()) == ""
