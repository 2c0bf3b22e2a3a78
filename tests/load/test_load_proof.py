"""A proof finds what was acknowledged and is not so, and nothing else."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Mapping

import pytest

from registry_conformance.judge.load import proof
from registry_conformance.judge.load.history import History, Operation
from registry_conformance.judge.load.linearizability import linearizability
from registry_conformance.judge.load.proof import Proof, prove
from tests.load.registry_answers import Question, done, question, registry

BYTES = b"model"
SHA = hashlib.sha256(BYTES).hexdigest()
RUN = "verify-20300101-000000-abcdef"
ACKNOWLEDGED = (
    done("run", "r", answer="run-1"),
    done("log", "run-1", "7"),
    done("put", "mlflow-artifacts:/1/run-1/artifacts/model/a.bin", SHA),
    done("version", "m", "source-1", "1"),
    done("tag", "m/1", "ready"),
    done("set-alias", "m@current", "1"),
)
VERSION = {"source": "source-1", "version": "1", "tags": [{"key": "hokusai_status", "value": "ready"}]}
SOUND: Mapping[Question, object] = {
    question("runs/get", run_id="run-1"): {"run": {"data": {"params": [{"key": "turn", "value": "7"}]}}},
    question("artifacts/1/run-1/artifacts/model/a.bin"): BYTES,
    question("model-versions/get", name="m", version="1"): {"model_version": VERSION},
    question("model-versions/search", filter="name='m'"): {"model_versions": [VERSION]},
    question("registered-models/get", name="m"): {
        "registered_model": {"aliases": [{"alias": "current", "version": "1"}]}
    },
}


def found(answers: Mapping[Question, object], *more: Operation) -> Proof:
    """Return the proof of the acknowledged writes at a registry that answers so."""
    with registry(answers) as target:
        return prove(target, History((*ACKNOWLEDGED, *more), ()), RUN)


def troubles(proof: Proof) -> dict[str, int]:
    """Return what a proof found, kind -> how many."""
    kinds = ("lost", "corrupted", "doubled", "same_number", "nowhere")
    return {kind: len(getattr(proof, kind)) for kind in kinds if getattr(proof, kind)}


def test_what_is_there_is_not_missed() -> None:
    """At a sound registry nothing is found, and all that was acknowledged was looked at."""
    sound = found(SOUND)

    assert troubles(sound) == {}
    assert sound.looked_at == {"run": 1, "log": 1, "put": 1, "version": 1, "tag": 1}
    assert "no origin is known" in sound.where


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("asked", SOUND, ids=lambda asked: asked[0])
def test_what_nobody_says_is_unseen_and_not_lost(monkeypatch: pytest.MonkeyPatch, asked: Question, status: int) -> None:
    """A registry that is too busy to answer afterwards has lost nothing by that: it is told as unseen."""
    monkeypatch.setattr(proof, "_PAUSE", 0.0)
    seen = found({**SOUND, asked: status})

    assert troubles(seen) == {}
    assert f"{status}" in seen.unseen[0]


@pytest.mark.parametrize(
    ("asked", "answer", "trouble"),
    [
        (question("artifacts/1/run-1/artifacts/model/a.bin"), None, {"lost": 1}),
        (question("artifacts/1/run-1/artifacts/model/a.bin"), b"mode", {"corrupted": 1}),
        (question("runs/get", run_id="run-1"), None, {"lost": 2}),
        (
            question("model-versions/search", filter="name='m'"),
            {"model_versions": [VERSION, {**VERSION, "version": "2"}]},
            {"doubled": 1},
        ),
        (
            question("model-versions/get", name="m", version="1"),
            {"model_version": {**VERSION, "source": "of-another"}},
            {"lost": 1},
        ),
        (
            question("registered-models/get", name="m"),
            {"registered_model": {"aliases": [{"alias": "current", "version": "9"}]}},
            {"nowhere": 1},
        ),
        (question("registered-models/get", name="m"), {"registered_model": {}}, {"lost": 1}),
    ],
)
def test_what_is_not_as_acknowledged_is_found(asked: Question, answer: object, trouble: dict[str, int]) -> None:
    """Each thing that is gone, other, doubled or pointed past is found, by itself."""
    answers = {each: told for each, told in SOUND.items() if each != asked} | ({asked: answer} if answer else {})

    assert troubles(found(answers)) == trouble


def test_a_number_that_two_were_told_is_found() -> None:
    """Two registrations that were told one number are found, though the registry has one version of it."""
    assert found(SOUND, done("version", "m", "source-1", "1", at=7)).same_number


def test_what_nobody_acknowledged_is_not_missed() -> None:
    """An upload without an answer may be there or not."""
    silent = Operation("1.9", "u1", "put", "mlflow-artifacts:/1/run-1/artifacts/lost.bin", SHA, 1)

    assert troubles(found(SOUND, silent)) == {}


@pytest.mark.skipif(shutil.which("go") is None, reason="the checker is a Go program")
@pytest.mark.parametrize(
    ("last", "legal"),
    [
        (done("get-alias", "m@a", answer="2", at=30), True),
        (done("get-alias", "m@a", answer="1", at=30), False),
        (done("get-alias", "m@a", answer="3", at=30), True),
        (done("version", "m", "s", "5", at=30), True),
        (done("version", "m", "s", "3", at=30), False),
    ],
)
def test_order_is_judged_by_what_was_told_when(last: Operation, *, legal: bool) -> None:
    """A read of an older value, or a number that is not above an older one, is out of order; the unknown may be."""
    unknown = Operation("1.8", "u2", "set-alias", "m@a", "3", 15)
    operations = (
        done("set-alias", "m@a", "1"),
        done("set-alias", "m@a", "2", at=10),
        unknown,
        done("version", "m", "s", "4", at=20),
        last,
    )
    judged = linearizability(History(operations, ()), ())

    assert judged.unseen == ""
    assert bool(judged.illegal) is not legal
