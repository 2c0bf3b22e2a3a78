"""The diagnosis is tried on stored facts: what it is worth is counted, and nothing is started for that."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from registry_conformance.judge.diagnosis.facts import Facts
from registry_conformance.judge.diagnosis.patterns import FILE
from registry_conformance.judge.locations import REGISTER
from registry_conformance.judge.requirement import Register
from registry_conformance.lab.faults.catalogue import CATALOGUE
from registry_conformance.proof.faults.conditions import behind_a_slow_line, every_core_busy
from registry_conformance.proof.faults.replay import (
    AFTER_RED,
    ALONE,
    LEFT_OUT,
    interval,
    judge,
    measures,
    patterns_of,
    shortfalls,
)
from registry_conformance.proof.faults.replay_program import replayed
from registry_conformance.proof.faults.stored_facts import StoredFacts, read_facts, stored
from registry_conformance.proof.forked_session import HEALTHY

FAULT = CATALOGUE["presigned-route-missing"]
KEPT_BY = {name: requirement.layer for name, requirement in Register.load(REGISTER).items()}


def look(fault: str, red: tuple[str, ...] = (), **seen: str) -> StoredFacts:
    """Return a stored look: what begins with 200 is healthy, ``__`` is a dot."""
    facts = Facts()
    for name, value in seen.items():
        facts.record(name.replace("__", "."), value, f"{name} is {value}", r"(all )?200.*")
    return stored(fault, red, red, facts)


def presigned(fault: str = FAULT.name, red: tuple[str, ...] = FAULT.requirements) -> StoredFacts:
    """Return what the missing presigned route looks like."""
    return look(
        fault, red, route__presigned__P="all 404 html", put__P="200 empty", presign__P="404 html", presign__O="200 json"
    )


def test_facts_are_kept_and_read_back(tmp_path: Path) -> None:
    """What is read is what was kept, seen or not."""
    kept = presigned()
    (tmp_path / "one.json").write_text(json.dumps(kept.document()))
    (found,) = read_facts(tmp_path)

    assert found == kept
    assert [fact.name for fact in found.table().anomalies] == ["route.presigned.P", "presign.P"]


@pytest.mark.parametrize(("fault", "latent"), [("database-in-the-container", True), (FAULT.name, False)])
def test_what_waits_for_an_event_is_not_missed_by_who_only_asks(fault: str, *, latent: bool) -> None:
    """A database that goes with a restart shows in no answer before it; what shows must not be called healthy."""
    healthy = look(fault, CATALOGUE[fault].requirements, put__P="200 empty")
    numbers = measures(judge([healthy], KEPT_BY))

    assert numbers["latent"] == [fault] * latent
    assert numbers["called_healthy"][ALONE] == [fault] * (not latent)


def test_right_and_sure_is_counted_in_each_way() -> None:
    """The right cause comes first after a red run and alone; left out, it is not told as another."""
    numbers = measures(judge([presigned()], KEPT_BY, {FAULT.cause: [{"route.presigned.P": "404", "presign.P": "404"}]}))

    assert numbers["right_first"] == {AFTER_RED: 1, ALONE: 1}
    assert numbers["left_out"]["another_cause"] == []
    assert numbers["bands"]["certain"]["right"] == 2


def test_another_cause_that_is_called_likely_is_counted() -> None:
    """A look that is labelled with another fault: the diagnosis is wrong, and sure of it."""
    other = presigned("put-refused", ())
    found = judge([other], KEPT_BY, {FAULT.cause: [{"route.presigned.P": "404", "presign.P": "404"}]})
    numbers = measures(found)

    assert numbers["wrong_and_sure"][ALONE] == ["put-refused"]
    assert numbers["left_out"]["another_cause"] == [f"put-refused: {FAULT.cause}"]
    assert any(LEFT_OUT in line for line in shortfalls(found, ()))


def test_a_broken_deployment_that_is_called_healthy_is_counted() -> None:
    """Nothing odd, and nothing red: the diagnosis says nothing, and that is told."""
    numbers = measures(judge([look(FAULT.name, put__P="200 empty")], KEPT_BY, {}))
    assert numbers["called_healthy"][ALONE] == [FAULT.name]


def test_an_interval_holds_the_rate_and_narrows() -> None:
    """Few cases say little, many say more; none say nothing."""
    few, many = interval(9, 10), interval(900, 1000)

    assert few[0] < many[0] < 0.9 < many[1] < few[1]
    assert interval(0, 0) == (0.0, 1.0)


def test_patterns_are_what_was_odd() -> None:
    """Each fault of a cause leaves one pattern, alike ones once."""
    assert patterns_of([presigned(), presigned()]) == {FAULT.cause: [{"404": ["presign.P", "route.presigned.P"]}]}


def test_what_is_no_folder_of_facts_is_told(tmp_path: Path) -> None:
    """An empty folder, and a file of something else: one sentence that names it, exit code 4."""
    said: list[str] = []
    assert replayed(tmp_path, keep=False, say=said.append) == 4
    (tmp_path / "other.json").write_text('{"schema": "other"}')
    assert replayed(tmp_path, keep=False, say=said.append) == 4
    assert "no stored facts there" in said[0] and "other.json" in said[1]


def test_what_is_kept_has_every_fault_of_the_catalogue() -> None:
    """Each cause of the catalogue has as many patterns as its faults that look different, but for those of a load."""
    kept: dict[str, list[Any]] = json.loads(FILE.read_text())["patterns"]
    assert set(kept) == {fault.cause for fault in CATALOGUE.values() if "load" not in fault.needs}


def test_a_slow_line_is_another_deployment_and_the_fault_stays_the_same() -> None:
    """Behind a slow line a fault still breaks, and the line stays slow."""
    slow = behind_a_slow_line(HEALTHY)

    assert slow != HEALTHY
    assert FAULT.change(slow).links.proxy == slow.links.proxy
    assert FAULT.change(slow) != slow


def test_who_keeps_the_cores_busy_ends_with_the_block() -> None:
    """Nothing spins after it."""
    before = _spinning()
    with pytest.raises(KeyError), every_core_busy():
        assert len(_spinning()) > len(before)
        raise KeyError
    assert len(_spinning()) == len(before)


def _spinning() -> list[int]:
    """Return the processes of ours that spin."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes()
        except OSError:
            continue
        if b"while os.getppid() == parent" in command:
            found.append(int(folder.name))
    return found
