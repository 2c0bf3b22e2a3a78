"""What a request makes and removes, as the guard of its door is asked, and what its answer adds to the ledger."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from registry_conformance.judge.clients.http_sender import HttpSender
from registry_conformance.judge.clients.request_guard import (
    authorize,
    authorize_connection,
    made_by,
    record_answer,
    removed_by,
)
from registry_conformance.judge.evidence.exchange import Body, Exchange
from registry_conformance.judge.evidence.recorder import Evidence
from registry_conformance.judge.expect import NotAllowed, PreconditionFailed
from registry_conformance.judge.load.kept_client import KeptMlflow
from registry_conformance.judge.target.guard import Guard
from registry_conformance.judge.target.requests import Made
from registry_conformance.judge.target.target import Door
from tests.http_servers import echo, raw
from tests.safeguards.test_guard import RUN, TARGET, guard, names

CANNOT = (501, {"error_code": "NOT_IMPLEMENTED", "message": "Multipart upload is not supported"})
FAILED = (501, {"error_code": "INTERNAL_ERROR", "message": "NotImplemented"})
API, FILES = "/api/2.0/mlflow", "/api/2.0/mlflow-artifacts"


def door(own: Guard | None) -> Door:
    """Return a door with a guard."""
    return Door("canonical", "http://x.example/api/mlflow", guard=own)


def request(method: str, path: str, body: dict[str, Any] | None = None, status: int | None = None) -> Exchange:
    """Return a request, sent if it has a status."""
    content = Body.of([json.dumps(body).encode()]) if body is not None else Body(0, "")
    return Exchange(method, f"http://x.example/api/mlflow{path}", "canonical", status, request_body=content)


def answered(exchange: Exchange, status: int | None, said: Any) -> Exchange:
    """Return the exchange with its answer."""
    kept = {name: getattr(exchange, name) for name in Exchange.__slots__}
    kept |= {"status": status, "response_headers": (("Content-Type", "application/json"),)}
    return Exchange(**kept | {"response_body": Body.of([json.dumps(said).encode()])})


def ask(at: Door, exchange: Exchange) -> None:
    """Ask leave as a driver does."""
    authorize(at, exchange, exchange.request_body.head, None)


@pytest.mark.parametrize(
    ("method", "path", "body", "kind", "name"),
    [
        ("POST", f"{API}/experiments/create", {"name": "a"}, "experiment", "a"),
        ("POST", f"{API}/experiments/update", {"experiment_id": "7", "new_name": "b"}, "experiment", "b"),
        ("POST", "/ajax-api/2.0/mlflow/registered-models/create", {"name": "a"}, "model", "a"),
        ("POST", f"{API}/registered-models/rename", {"name": "a", "new_name": "b"}, "model", "b"),
        ("PUT", f"{FILES}/artifacts/a/b%20c", None, "artifact", "a/b c"),
        ("POST", f"{FILES}/mpu/create/a/b", {"path": "/home/me/c.bin"}, "upload", "a/b/c.bin"),
        ("POST", f"{FILES}/mpu/complete/a/b", {"path": "c.bin"}, "artifact", "a/b/c.bin"),
    ],
)
def test_what_a_request_makes_is_known(
    method: str, path: str, body: dict[str, Any] | None, kind: str, name: str
) -> None:
    """What a request makes is known by its path and its body."""
    exchange = request(method, path, body)

    assert made_by(door(None), exchange, exchange.request_body.head) == Made(kind, name, "canonical")


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", f"{API}/experiments/create", {"name": "a"}),
        ("POST", f"{API}/experiments/create", {"name": ""}),
        ("POST", f"{API}/experiments/create", {"name": 7}),
        ("POST", f"{API}/experiments/create", None),
        ("POST", f"{API}/experiments/search", {"name": "a"}),
        ("PUT", f"{FILES}/artifacts/folder/", None),
        ("GET", f"{FILES}/artifacts/a", None),
        ("PUT", f"{FILES}/mpu/create/a", {"path": "b"}),
        ("POST", f"{FILES}/mpu/abort/a", {"path": "b"}),
        ("PUT", "/elsewhere", None),
    ],
)
def test_request_that_makes_nothing_is_known(method: str, path: str, body: dict[str, Any] | None) -> None:
    """A request that makes nothing that bears a name is known for it."""
    exchange = request(method, path, body)

    assert made_by(door(None), exchange, exchange.request_body.head) is None


@pytest.mark.parametrize(
    ("method", "path", "body", "kind", "name", "ids"),
    [
        ("DELETE", f"{API}/registered-models/delete", {"name": "a"}, "model", "a", ()),
        ("POST", f"{API}/registered-models/delete", {"name": "a"}, "model", "a", ()),
        ("DELETE", f"{API}/model-versions/delete", {"name": "a", "version": "1"}, "model", "a", ()),
        *(
            (method, f"{API}/{verb}", {"name": "a", "version": "1", "new_name": "b"}, "model", "a", ())
            for method, verb in (
                ("POST", "registered-models/rename"),
                ("PATCH", "registered-models/update"),
                ("POST", "registered-models/set-tag"),
                ("DELETE", "registered-models/delete-tag"),
                ("POST", "registered-models/alias"),
                ("DELETE", "registered-models/alias"),
                ("POST", "model-versions/create"),
                ("PATCH", "model-versions/update"),
                ("POST", "model-versions/set-tag"),
                ("DELETE", "model-versions/delete-tag"),
                ("POST", "model-versions/transition-stage"),
            )
        ),
        *(
            ("POST", f"{API}/experiments/{verb}", {"experiment_id": "7", "new_name": "b"}, "experiment", "", ("7",))
            for verb in ("update", "restore", "set-experiment-tag", "delete-experiment-tag")
        ),
        *(
            ("POST", f"{API}/experiments/delete", {"experiment_id": named}, "experiment", "", (str(named),))
            for named in ("7", " 7", "+7", "07", "\uff17", 7, 7.0, [7])
        ),
        ("POST", "/ajax-api/3.0/mlflow/traces/delete-traces", {"experiment_id": "7"}, "experiment", "", ("7",)),
        ("PATCH", f"{API}/some-verb-to-come", {"experiment_id": "7"}, "experiment", "", ("7",)),
        ("POST", f"{API}/runs/create", {"experiment_id": "7"}, "experiment", "", ("7",)),
        ("POST", f"{API}/logged-models", {"experiment_id": "0"}, "experiment", "", ("0",)),
        ("DELETE", f"{FILES}/artifacts/7/run", None, "artifact", "7/run", ()),
        ("DELETE", f"{FILES}/artifacts/", None, "artifact", "", ()),
        ("POST", f"{FILES}/mpu/abort/a", {"path": "b", "upload_id": "u"}, "upload", "a/b", ("u",)),
        ("POST", f"{FILES}/mpu/complete/a", {"path": "b", "upload_id": "u"}, "upload", "a/b", ("u",)),
        ("PUT", f"{FILES}/mpu/abort/a", {"path": "b", "upload_id": "u"}, "upload", "a/b", ("u",)),
    ],
)
def test_what_a_request_removes_is_known(
    method: str, path: str, body: dict[str, Any] | None, kind: str, name: str, ids: tuple[str, ...]
) -> None:
    """What a request removes, or puts something into, is known by its path and its body."""
    exchange = request(method, path, body)
    found = removed_by(door(None), exchange, exchange.request_body.head)

    assert found == Made(kind, name, "canonical")
    assert found is not None
    assert found.ids == ids


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", f"{FILES}/artifacts/a", None),
        ("GET", f"{API}/registered-models/alias", {"name": "a"}),
        ("POST", f"{API}/registered-models/get-latest-versions", {"name": "a"}),
        ("POST", f"{API}/model-versions/search", {"name": "a"}),
        ("POST", f"{API}/experiments/create", None),
        ("POST", f"{API}/registered-models/create", {"name": "a"}),
        ("DELETE", f"{API}/registered-models/delete", {}),
        ("POST", f"{API}/runs/create", {"experiment_id": "seven"}),
        ("GET", f"{API}/runs/create", {"experiment_id": "7"}),
        ("POST", f"{API}/runs/search", {"experiment_id": "7"}),
        ("POST", f"{FILES}/mpu/create/a", {"path": "b"}),
        ("GET", f"{FILES}/mpu/abort/a", {"path": "b"}),
    ],
)
def test_request_that_removes_nothing_is_known(method: str, path: str, body: dict[str, Any] | None) -> None:
    """A request that removes nothing is known for it."""
    exchange = request(method, path, body)

    assert removed_by(door(None), exchange, exchange.request_body.head) is None


@pytest.mark.parametrize(
    "body",
    [None, {}, {"experiment_id": ""}, {"experiment_id": " "}, {"experiment_id": None}, {"run_name": "x"}],
    ids=["no body", "empty", "no id", "blank", "null", "name"],
)
@pytest.mark.parametrize("path", [f"{API}/runs/create", f"{API}/traces", "/ajax-api/3.0/mlflow/traces"])
def test_what_names_no_experiment_goes_into_the_default_one(path: str, body: dict[str, Any] | None) -> None:
    """Kind: a default of the target. What names no experiment changes MLflow's default one, which is nobody's run."""
    exchange = request("POST", path, body)
    found = removed_by(door(None), exchange, exchange.request_body.head)

    assert found is not None
    assert found.ids == ("0",)


@pytest.mark.parametrize("at", ["trace_location", "0", "deep"])
def test_experiment_is_found_wherever_a_request_names_it(at: str) -> None:
    """An experiment counts as changed wherever the body of a request names it."""
    place: dict[str, Any] = {"mlflow_experiment": {"experiment_id": "7"}}
    bodies: dict[str, Any] = {"trace_location": place, "0": [5, "x", place], "deep": {"none": None, "here": [[place]]}}
    exchange = request("POST", "/api/3.0/mlflow/traces", {"trace": {"info": "x", "at": bodies[at]}})
    found = removed_by(door(None), exchange, exchange.request_body.head)

    assert found is not None
    assert found.ids == ("7",)


def test_guard_is_asked_before_a_request_is_sent(tmp_path: Path) -> None:
    """The guard is asked before a request is sent: what is not the run's own is refused, whichever way it is meant."""
    at = door(guard(tmp_path))
    ask(at, request("POST", f"{API}/registered-models/create", {"name": f"{RUN}-model"}))

    for refused in (
        request("POST", f"{API}/registered-models/create", {"name": "churn"}),
        request("DELETE", f"{API}/registered-models/delete", {"name": "churn"}),
        request("POST", f"{API}/model-versions/create", {"name": "churn", "source": "s"}),
        request("POST", f"{API}/registered-models/rename", {"name": "churn", "new_name": f"{RUN}-churn"}),
        request("POST", f"{API}/experiments/update", {"experiment_id": "3", "new_name": f"{RUN}-theirs"}),
        request("POST", f"{API}/runs/create", {"experiment_id": "0"}),
        request("POST", f"{API}/runs/create", {}),
        request("DELETE", f"{FILES}/artifacts/"),
        request("PUT", f"{FILES}/artifacts/7/x"),
    ):
        with pytest.raises(NotAllowed, match="does not bear"):
            ask(at, refused)
    assert at.guard is not None
    assert names(at.guard) == [f"{RUN}-model"]  # type: ignore[arg-type]  # it is a run's


def test_size_of_a_body_is_counted(tmp_path: Path) -> None:
    """The size of a body is counted: as it is told, or as it lies there."""
    own = guard(tmp_path)
    exchange = request("POST", "/x")
    authorize(door(own), exchange, b"four", None)
    authorize(door(own), exchange, b"four", 100)
    authorize(door(own), exchange, None, None)

    assert own.spent()["bytes"][0] == 104


def test_run_that_is_over_is_told_from_what_is_never_allowed(tmp_path: Path) -> None:
    """A run that is over is told as a precondition that fails, and what is never allowed as not allowed."""
    own = guard(tmp_path)
    own.end("swept")

    with pytest.raises(PreconditionFailed, match="swept"):
        authorize_connection(door(own))


def test_door_without_a_guard_lets_all_pass() -> None:
    """A door without a guard, as to a stack of our own, lets all pass, except artifacts that are declared direct."""
    ask(door(None), request("DELETE", f"{FILES}/artifacts/"))
    record_answer(door(None), request("GET", "/x", status=200))

    direct = Door("canonical", "http://x.example", direct=True)
    ask(direct, request("GET", f"{API}/experiments/search"))
    with pytest.raises(NotAllowed, match="declared direct"):
        ask(direct, request("GET", f"{FILES}/artifacts/a"))


def test_answers_tell_the_ids_of_what_was_made(tmp_path: Path) -> None:
    """Answers tell the ids of what was made, and no answer to anything else does."""
    own = guard(tmp_path)
    at = door(own)
    create = request("POST", f"{API}/experiments/create", {"name": f"{RUN}-e"})
    begin = request("POST", f"{FILES}/mpu/create/{RUN}-x", {"path": "a"})
    for exchange in (create, begin):
        ask(at, exchange)
    record_answer(at, answered(request("POST", f"{API}/runs/search", {}), 200, {"experiment_id": "3"}))
    record_answer(at, answered(create, 400, {"experiment_id": "4"}))
    record_answer(at, answered(create, 200, ["experiment_id"]))
    record_answer(at, answered(create, 200, {}))
    for no_id in ("0", "00", "²", " 7", "7 ", "-1", "9" * 5000, 0, None, True, [7]):
        record_answer(at, answered(create, 200, {"experiment_id": no_id}))
    assert own.experiments() == {}
    record_answer(at, answered(create, 200, {"experiment_id": "7"}))
    record_answer(at, answered(begin, 200, {"upload_id": "u"}))

    assert own.experiments() == {"7": f"{RUN}-e"}
    assert [each.ids for each in own.left(TARGET)] == [("u",), ("7",)]


def test_what_never_left_this_machine_made_nothing(tmp_path: Path) -> None:
    """Kind: a closed port. A request without a connection made nothing; one that was sent before may have."""
    own = guard(tmp_path)
    at = door(own)
    unsent = request("POST", f"{API}/experiments/create", {"name": f"{RUN}-e"})
    for _ in range(2):
        ask(at, unsent)
        record_answer(at, unsent, unsent.request_body.head)
    assert own.left(TARGET) == []

    for verb in ("experiments", "registered-models"):
        create = request("POST", f"{API}/{verb}/create", {"name": f"{RUN}-sent"})
        for _ in range(2):
            ask(at, create)
        record_answer(at, create, create.request_body.head)
    assert len(own.left(TARGET)) == 2


def test_an_unsent_request_does_not_hide_what_an_answered_one_made(tmp_path: Path) -> None:
    """An experiment whose id is known stays in the ledger whatever is not sent afterwards."""
    own = guard(tmp_path)
    at = door(own)
    create = request("POST", f"{API}/experiments/create", {"name": f"{RUN}-e"})
    ask(at, create)
    record_answer(at, answered(create, 200, {"experiment_id": "7"}))
    ask(at, create)
    record_answer(at, create, create.request_body.head)
    record_answer(at, create, create.request_body.head)
    assert [made.ids for made in own.left(TARGET)] == [("7",)]


def test_an_unsent_file_of_an_experiment_changes_nothing(tmp_path: Path) -> None:
    """It goes with its experiment, which stands in the ledger by itself."""
    own = guard(tmp_path)
    at = door(own)
    create = request("POST", f"{API}/experiments/create", {"name": f"{RUN}-e"})
    ask(at, create)
    record_answer(at, answered(create, 200, {"experiment_id": "7"}))
    upload = request("PUT", f"{FILES}/artifacts/7/a.txt")
    ask(at, upload)
    record_answer(at, upload, b"")
    record_answer(door(None), upload, b"")
    assert names(own) == [f"{RUN}-e"]


def test_a_sender_tells_whether_anything_was_sent(tmp_path: Path) -> None:
    """Nobody listens: nothing is left. Somebody listens and closes without a word: it may have been made."""
    with raw(lambda _: None) as url:
        closing = Door("canonical", url, guard=(own := guard(tmp_path)))
        HttpSender(closing, None, Evidence(), RUN).send(
            "POST", f"{API}/experiments/create", json={"name": f"{RUN}-heard"}
        )
        assert names(own) == [f"{RUN}-heard"]
    HttpSender(closing, None, Evidence(), RUN).send(
        "POST", f"{API}/experiments/create", json={"name": f"{RUN}-unheard"}
    )
    assert names(own) == [f"{RUN}-heard"]


def test_a_sender_that_does_not_tell_may_have_sent(tmp_path: Path) -> None:
    """Kind: a client of another kind, such as those of a load. What it made stays in the ledger without a word."""
    with echo() as url:
        at = Door("canonical", url, guard=(own := guard(tmp_path)))
        kept = KeptMlflow(at, None, Evidence(), RUN)
        assert kept.send("POST", f"{API}/registered-models/create", json={"name": f"{RUN}-m"}).ok
        kept.held.drop()
    assert names(own) == [f"{RUN}-m"]


@pytest.mark.parametrize(("status", "there"), [(200, False), (500, True), (404, True)])
def test_upload_that_was_joined_or_given_up_is_no_longer_there(tmp_path: Path, status: int, there: bool) -> None:
    """An upload that was given up is no longer there; one whose end was not answered with 200 may be."""
    own = guard(tmp_path)
    at = door(own)
    begin = request("POST", f"{FILES}/mpu/create/{RUN}-x", {"path": "a"})
    end = request("POST", f"{FILES}/mpu/abort/{RUN}-x", {"path": "a", "upload_id": "u"})
    ask(at, begin)
    record_answer(at, answered(begin, 200, {"upload_id": "u"}))
    ask(at, end)
    record_answer(at, answered(end, status, {}))

    assert bool(names(own)) is there


@pytest.mark.parametrize(
    ("method", "verb", "status", "deleted"),
    [
        ("DELETE", "delete", 200, True),
        ("DELETE", "delete", 403, False),
        ("DELETE", "delete-tag", 200, False),
        ("POST", "delete", 200, False),
        ("PATCH", "update", 200, False),
    ],
)
def test_deletion_of_a_model_is_noted_if_it_was_answered_as_done(
    tmp_path: Path, method: str, verb: str, status: int, deleted: bool
) -> None:
    """Only MLflow's answer to the deletion itself says that a model was deleted; it stays in the ledger."""
    own = guard(tmp_path)
    at = door(own)
    ask(at, request("POST", f"{API}/registered-models/create", {"name": f"{RUN}-m"}))
    exchange = request(method, f"{API}/registered-models/{verb}", {"name": f"{RUN}-m"})
    ask(at, exchange)
    record_answer(at, answered(exchange, status, {}))

    assert [(each.name, each.deleted) for each in own.left(TARGET)] == [(f"{RUN}-m", deleted)]


def test_deletion_that_names_no_model_ends_none(tmp_path: Path) -> None:
    """An answer to a deletion without a name is no word about any model, and no error."""
    own = guard(tmp_path)
    record_answer(door(own), answered(request("DELETE", f"{API}/registered-models/delete", {}), 200, {}))

    assert names(own) == []


def test_refused_creation_takes_nothing_out_of_the_ledger(tmp_path: Path) -> None:
    """Kind: an answer that is believed. A refused creation takes nothing out of the ledger, but an upload not begun."""
    own = guard(tmp_path)
    at = door(own)
    create = request("POST", f"{API}/registered-models/create", {"name": f"{RUN}-m"})
    begin = request("POST", f"{FILES}/mpu/create/{RUN}-x", {"path": "a"})
    for exchange in (create, create, begin):
        ask(at, exchange)
        record_answer(at, answered(exchange, 400, {"error_code": "RESOURCE_ALREADY_EXISTS"}))

    assert names(own) == [f"{RUN}-m"]


def test_refused_file_of_an_own_experiment_is_not_noted(tmp_path: Path) -> None:
    """A file that was refused is no thing of its own in the ledger: it would have gone with its experiment."""
    own = guard(tmp_path)
    at = door(own)
    create = request("POST", f"{API}/experiments/create", {"name": f"{RUN}-e"})
    put = request("PUT", f"{FILES}/artifacts/7/a.bin")
    ask(at, create)
    record_answer(at, answered(create, 200, {"experiment_id": "7"}))
    ask(at, put)
    record_answer(at, answered(put, 403, {"error_code": "PERMISSION_DENIED"}))

    assert names(own) == [f"{RUN}-e"]


def test_deletion_of_a_model_without_a_name_ends_none(tmp_path: Path) -> None:
    """A server that answers the deletion of a model without a name as done has deleted none of the run's."""
    own = guard(tmp_path)
    at = door(own)
    ask(at, request("POST", f"{API}/registered-models/create", {"name": f"{RUN}-m"}))
    record_answer(at, answered(request("DELETE", f"{API}/registered-models/delete", {}), 200, {}))

    assert [each.deleted for each in own.left(TARGET)] == [False]


def test_changed_model_is_there_as_before(tmp_path: Path) -> None:
    """An answer to a change of a model, or of an experiment, says nothing of an upload, and ends none."""
    own = guard(tmp_path)
    at = door(own)
    create = request("POST", f"{API}/registered-models/create", {"name": f"{RUN}-m"})
    tag = request("POST", f"{API}/registered-models/set-tag", {"name": f"{RUN}-m", "key": "k"})
    for exchange in (create, tag):
        ask(at, exchange)
        record_answer(at, answered(exchange, 200, {"upload_id": "u"}))

    assert [(each.name, each.ids) for each in own.left(TARGET)] == [(f"{RUN}-m", ())]


@pytest.mark.parametrize("answer", [CANNOT, FAILED])
def test_only_mlflows_own_word_says_that_no_upload_was_begun(
    tmp_path: Path, answer: tuple[int, dict[str, str]]
) -> None:
    """MLflow's NOT_IMPLEMENTED takes the upload off the ledger; another failure with that status does not."""
    own = guard(tmp_path)
    begin = request("POST", f"{FILES}/mpu/create/{RUN}-x", {"path": "a"})
    ask(door(own), begin)
    record_answer(door(own), answered(begin, *answer))

    assert names(own) == ([] if answer is CANNOT else [f"{RUN}-x/a"])


@pytest.mark.parametrize(("status", "there"), [(299, True), (300, False), (307, False), (399, False), (None, True)])
def test_redirected_creation_began_no_upload(tmp_path: Path, status: int | None, there: bool) -> None:
    """Whoever sends the creation of an upload elsewhere began none; without an answer one may have begun."""
    own = guard(tmp_path)
    begin = request("POST", f"{FILES}/mpu/create/{RUN}-x", {"path": "a"})
    ask(door(own), begin)
    record_answer(door(own), answered(begin, status, []))

    assert names(own) == ([f"{RUN}-x/a"] if there else [])


def test_document_that_is_no_object_names_nothing() -> None:
    """A body that is a list, a number, no JSON, or not there names nothing that is made or removed."""
    for path in (f"{API}/registered-models/create", f"{API}/registered-models/update", f"{API}/experiments/update"):
        for body in (b'["name"]', b"7", b"{", b"", None):
            exchange = Exchange("POST", f"http://x.example{path}", "canonical", None)
            assert made_by(door(None), exchange, body) is None
            assert removed_by(door(None), exchange, body) is None


@pytest.mark.parametrize(
    ("error", "dead"),
    [("refused: nobody", True), ("timeout: 10 s", True), ("name: unknown", True), ("reset: x", False)],
)
def test_answer_tells_whether_anybody_is_there(tmp_path: Path, error: str, dead: bool) -> None:
    """An answer tells whether anybody is there: refused, timed out or no such name means that nobody is."""
    own = guard(tmp_path)
    for _ in range(2):
        record_answer(door(own), Exchange("GET", "http://x.example/health", "canonical", None, error=error))

    assert bool(own.silence("canonical")) is dead


def test_answer_that_was_cut_is_of_somebody(tmp_path: Path) -> None:
    """Somebody is there who answered, though the rest of the answer did not come in time."""
    own = guard(tmp_path)
    for _ in range(2):
        cut = Exchange("GET", "http://x.example/health", "canonical", 200, error="timeout: 10 s")
        record_answer(door(own), cut)

    assert not own.silence("canonical")


def test_answer_that_cannot_be_noted_ends_the_run(tmp_path: Path) -> None:
    """An answer that cannot be noted ends the run as a precondition that fails."""
    own = guard(tmp_path)
    own.file.unlink()

    with pytest.raises(PreconditionFailed, match="cannot be written"):
        record_answer(door(own), request("GET", "/x", status=200))
