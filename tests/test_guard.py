"""What the guard of an environment lets pass: changes by name, within a budget, in the ledger before they are made."""

from __future__ import annotations

from pathlib import Path

import pytest

from registry_conformance.judge.clients.request_guard import authorize, record_answer
from registry_conformance.judge.evidence.exchange import Exchange
from registry_conformance.judge.expect import NotAllowed, PreconditionFailed
from registry_conformance.judge.target.guard import MIB, Budget, Guard, GuardError, Made, changes
from registry_conformance.judge.target.target import Door

RUN = "verify-20300101-000000-abcdef"


def guard(folder: Path, **other: object) -> Guard:
    """Return an open guard with room for little."""
    given = {"budget": Budget(10, 1000, 3, 60.0), "read_only": False, **other}
    made = Guard(folder / "ledger.sqlite", RUN, **given)  # type: ignore[arg-type]  # each test gives what it is about
    made.open()
    return made


def post(door: Door, path: str, body: bytes) -> None:
    """Ask leave for a POST."""
    authorize(door, Exchange("POST", f"{door.url}{path}", door.name, None), body, None)


def test_read_only_lets_nothing_change(tmp_path: Path) -> None:
    """Read only lets nothing change."""
    door = Door("canonical", "http://x.example", guard=guard(tmp_path, read_only=True))
    post(door, "/api/2.0/mlflow/experiments/search", b"{}")

    with pytest.raises(NotAllowed, match="read-only"):
        post(door, "/api/2.0/mlflow/experiments/create", b'{"name": "x"}')
    assert door.guard is not None
    assert door.guard.mutating == 0


@pytest.mark.parametrize(
    ("method", "path", "is_change"),
    [
        ("GET", "/api/2.0/mlflow/experiments/search", False),
        ("POST", "/mlflow/api/2.0/mlflow/runs/search", False),
        ("POST", "/ajax-api/3.0/mlflow/traces/search", False),
        ("POST", "/graphql", False),
        ("POST", "/api/2.0/mlflow/runs/set-tag", True),
        ("PUT", "/api/2.0/mlflow-artifacts/artifacts/1/search", True),
        ("POST", "/api/2.0/mlflow-artifacts/mpu/create/runs/search", True),
        ("DELETE", "/api/2.0/mlflow/experiments/search", True),
        ("MOVE", "/anything", True),
    ],
)
def test_only_what_is_known_to_read_is_taken_for_a_read(method: str, path: str, is_change: bool) -> None:
    """Only what is known to read is taken for a read."""
    assert changes(method, path) is is_change


def test_change_that_slipped_past_the_leave_is_counted(tmp_path: Path) -> None:
    """Change that slipped past the leave is counted where its answer comes in."""
    door = Door("canonical", "http://x.example", guard=guard(tmp_path, read_only=True))
    record_answer(door, Exchange("PUT", "http://x.example/api/2.0/mlflow-artifacts/artifacts/1/a", "canonical", 200))

    assert door.guard is not None
    assert door.guard.mutating == 1


def test_what_does_not_bear_the_run_is_not_made(tmp_path: Path) -> None:
    """What does not bear the run is not made."""
    door = Door("canonical", "http://x.example", guard=guard(tmp_path))
    post(door, "/api/2.0/mlflow/registered-models/create", f'{{"name": "{RUN}-model"}}'.encode())

    with pytest.raises(NotAllowed, match="does not bear"):
        post(door, "/api/2.0/mlflow/registered-models/create", b'{"name": "churn"}')
    with pytest.raises(NotAllowed, match="does not bear"):
        authorize(door, Exchange("PUT", f"{door.url}/api/2.0/mlflow-artifacts/artifacts/7/x", "c", None), b"x", None)
    assert door.guard is not None
    assert [made.name for made in door.guard.left()] == [f"{RUN}-model"]


def test_files_of_an_own_experiment_go_with_it(tmp_path: Path) -> None:
    """Files of an own experiment go with it."""
    own = guard(tmp_path)
    own.learn("7")
    own.allow("PUT", "/x", 1, Made("artifact", "7/run/artifacts/a.bin", "canonical"))

    assert own.left() == []
    with pytest.raises(GuardError, match="does not bear"):
        own.allow("PUT", "/x", 1, Made("artifact", "7/../8/a.bin", "canonical"))


@pytest.mark.parametrize(
    ("budget", "size", "said"),
    [
        (Budget(2, 1000, 9, 60), 1, "budget of 2 requests is spent"),
        (Budget(9, MIB // 4, 9, 60), MIB // 9, "budget of 0.25 megabytes is spent"),
        (Budget(9, 1000, 2, 60), 1, "budget of 2 objects is spent"),
        (Budget(9, 1000, 9, -1), 1, "budget of -1 seconds is spent"),
    ],
)
def test_budget_is_kept_before_a_request_is_sent(tmp_path: Path, budget: Budget, size: int, said: str) -> None:
    """Budget is kept before a request is sent."""
    own = guard(tmp_path, budget=budget)
    with pytest.raises(GuardError, match=said) as refusal:
        for _ in range(3):
            own.allow("PUT", "/x", size)

    assert refusal.value.over
    assert said in own.over


def test_nothing_is_sent_after_dead_answers_in_a_row(tmp_path: Path) -> None:
    """Nothing is sent after dead answers in a row, at that door; others go on."""
    own = guard(tmp_path, patience=2)
    door, other = Door("canonical", "http://x.example", guard=own), Door("literal", "http://y.example", guard=own)
    dead = Exchange("GET", "http://x.example/health", "canonical", None, error="refused: nobody there")
    record_answer(door, dead)
    record_answer(door, Exchange("GET", "http://x.example/health", "canonical", 503))
    record_answer(door, dead)
    post(door, "/api/2.0/mlflow/experiments/search", b"{}")
    record_answer(door, dead)
    record_answer(other, Exchange("GET", "http://y.example/health", "literal", 200))
    post(other, "/api/2.0/mlflow/experiments/search", b"{}")

    assert (own.silence("canonical"), own.silence("literal")) == (2, 0)
    with pytest.raises(PreconditionFailed, match="nobody answered 2 requests in a row at the door canonical"):
        post(door, "/api/2.0/mlflow/experiments/search", b"{}")


def test_door_that_never_answered_is_given_up_after_two(tmp_path: Path) -> None:
    """Door that never answered is given up after two."""
    door = Door("canonical", "http://x.example", guard=guard(tmp_path))
    dead = Exchange("GET", "http://x.example/health", "canonical", None, error="name: unknown")
    record_answer(door, dead)
    assert door.guard is not None
    assert door.guard.silence("canonical") == 0
    record_answer(door, dead)

    assert door.guard.silence("canonical") == 2


def test_ledger_outlives_whoever_wrote_it(tmp_path: Path) -> None:
    """Ledger outlives whoever wrote it."""
    guard(tmp_path).allow("POST", "/x", 1, Made("model", f"{RUN}-m", "canonical"))
    again = Guard(tmp_path / "ledger.sqlite", RUN, Budget(1, 1, 1, 1), read_only=False)
    found = again.left()
    again.gone(found[0])

    assert found == [Made("model", f"{RUN}-m", "canonical")]
    assert again.left() == []


@pytest.mark.parametrize(
    ("path", "body", "made"),
    [
        ("registered-models/rename", b'{"name": "%s-a", "new_name": "%s-b"}', "model"),
        ("experiments/update", b'{"experiment_id": "7%.0s", "new_name": "%s-b"}', "experiment"),
    ],
)
def test_new_name_is_in_the_ledger_too(tmp_path: Path, path: str, body: bytes, made: str) -> None:
    """New name is in the ledger too."""
    door = Door("canonical", "http://x.example", guard=guard(tmp_path))
    post(door, f"/api/2.0/mlflow/{path}", body % (RUN.encode(), RUN.encode()))

    assert door.guard is not None
    assert door.guard.left() == [Made(made, f"{RUN}-b", "canonical")]
