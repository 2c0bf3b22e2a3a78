"""What users did is written down so that neither a killed client nor a busy one loses an acknowledged write."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from registry_conformance.judge.evidence.exchange import Exchange
from registry_conformance.judge.load.asking import Asking, versions_in
from registry_conformance.judge.load.history import History, Journal, JournalTail, Operation
from registry_conformance.judge.load.kept_client import content
from registry_conformance.judge.load.stale import stale_reads
from tests.load.registry_answers import done

ANSWER = Exchange("GET", "http://h/x", "canonical", 200)


def asked(folder: Path, kind: str, met: Exchange) -> Operation:
    """Return what is written down of one request that was answered so."""
    Asking(Journal(folder / "journal.jsonl", "1"), "u1").ask(kind, "key", "value", lambda: met)
    return History.read([folder / "journal.jsonl"]).operations[0]


@pytest.mark.parametrize(
    ("met", "outcome"),
    [
        (ANSWER, "ok"),
        (replace(ANSWER, error="reset: cut"), "failed"),
        (replace(ANSWER, status=404), "refused"),
        (replace(ANSWER, status=503), "failed"),
        (replace(ANSWER, status=None, error="timeout: nothing came"), "silent"),
        (replace(ANSWER, status=None, error="refused: nobody"), "refused"),
    ],
)
def test_an_answer_has_one_outcome(met: Exchange, outcome: str, tmp_path: Path) -> None:
    """Only a whole 2xx is acknowledged; what may have been done and what was not are told apart."""
    assert asked(tmp_path, "version", met).outcome == outcome


def test_a_write_that_was_never_answered_is_there_without_an_end(tmp_path: Path) -> None:
    """A client that dies while it waits has written down what it had begun."""
    file = tmp_path / "journal.jsonl"
    Journal(file, "1").begins(Operation("1.1", "u1", "set-alias", "m@a", "2", 5))
    with file.open("a") as journal:
        journal.write('{"ends": {"number": "1.2", "us')
    (one,) = History.read([file]).operations

    assert (one.number, one.ended, one.acknowledged) == ("1.1", 0, False)


def test_notes_are_followed_while_they_are_written(tmp_path: Path) -> None:
    """Each note of a journal is met once, as soon as its line is whole."""
    file = tmp_path / "journal.jsonl"
    tail = JournalTail(file)
    before = tail.notes()
    journal = Journal(file, "1")
    journal.note("begins")
    journal.ends(done("get", "k"))
    with file.open("a") as half:
        half.write('{"note": "half')
    first = [note.what for note in tail.notes()]
    with file.open("a") as half:
        half.write('way", "at": 5, "users": 2}\n')
    second = [(note.what, note.at, note.told) for note in tail.notes()]

    assert (before, first, second, tail.notes()) == ([], ["begins"], [("halfway", 5, {"users": 2})], [])


def test_a_user_that_is_ended_leaves_its_write_unknown(tmp_path: Path) -> None:
    """What a user was sending when it was ended is neither done nor refused."""

    def ended() -> Exchange:
        raise SystemExit

    with pytest.raises(SystemExit):
        Asking(Journal(tmp_path / "journal.jsonl", "1"), "u1").ask("put", "key", "", ended)
    (one,) = History.read([tmp_path / "journal.jsonl"]).operations

    assert (one.outcome, one.ended, one.error) == ("silent", 0, "never answered: SystemExit")


def test_bytes_are_those_of_their_mark() -> None:
    """Two uploads of one size have other bytes, and exactly as many as were asked for."""
    one, other = (b"".join(content(mark, 700_001)) for mark in ("a", "b"))

    assert len(one) == len(other) == 700_001
    assert one != other


@pytest.mark.parametrize(
    ("read", "stale"),
    [
        (done("search", "m", answer="3,2", at=9), False),
        (done("search", "m", answer="2,1", at=9), True),
        (done("search", "m", answer="2,1", at=3), False),
        (done("search", "m", answer="", at=1), False),
        (done("search", "m", answer=",".join(map(str, range(4, 24))), at=9), False),
        (done("search", "m", answer=",".join(map(str, range(4, 23))), at=9), True),
        (done("search", "m", answer="", at=4), True),
        (done("search", "other", answer="", at=9), False),
        (done("get-version", "m/3", "s3", "s3", at=9), False),
        (done("get-version", "m/3", "s3", "s1", at=9), True),
        (replace(done("get", "a/b", "sha", at=9), status=404, outcome="refused"), True),
        (replace(done("get", "a/b", "sha", at=9), status=503, outcome="failed"), False),
    ],
)
def test_a_read_that_misses_what_was_acknowledged_is_stale(read: Operation, *, stale: bool) -> None:
    """A read is stale if it misses what was acknowledged before it was sent, and not if it was sent before that."""
    history = History((done("version", "m", "s2", "2"), done("version", "m", "s3", "3", at=5), read), ())

    assert bool(list(stale_reads(history))) is stale


def test_a_search_is_read_by_its_versions() -> None:
    """An answer without versions is an empty one."""
    assert versions_in(ANSWER) == ""
