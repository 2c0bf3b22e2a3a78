"""A long history is checked in pieces, and its verdict is that of the whole."""

from __future__ import annotations

import shutil
from dataclasses import replace

import pytest

from registry_conformance.judge.load import linearizability as checker
from registry_conformance.judge.load.history import History, Operation
from registry_conformance.judge.load.linearizability import linearizability
from tests.load.registry_answers import done

LONG = 2600
pytestmark = pytest.mark.skipif(shutil.which("go") is None, reason="the checker is a Go program")


def alias(number: int, value: int) -> Operation:
    """Return the operation at a place of a long history: in turn, a version is set, and read back twice."""
    kind, given = ("get-alias", {"answer": str(value)}) if number % 3 else ("set-alias", {"value": str(value)})
    return done(kind, "m@a", at=10 * number, **given)


def aliases(wrong: int = -1) -> list[Operation]:
    """Return a long history of an alias in which at most one read shows what was set before the last setting."""
    told = [alias(number, number // 3 - (number == wrong)) for number in range(3, LONG)]
    return [replace(one, number=str(place)) for place, one in enumerate(told)]


@pytest.mark.parametrize("wrong", [-1, 4, 500, 502, 503, 1000, LONG - 1])
def test_an_old_value_is_found_wherever_it_was_read(wrong: int) -> None:
    """A read of a value that another had replaced is out of order, also at the edges of pieces."""
    judged = linearizability(History(tuple(aliases(wrong)), ()), ())

    assert (judged.ok, judged.illegal) == ((("alias m@a",), ()) if wrong < 0 else ((), ("alias m@a",)))


@pytest.mark.parametrize("wrong", [False, True])
def test_numbers_that_grow_are_in_order_across_pieces(*, wrong: bool) -> None:
    """A version number that was given before is out of order, however long ago that was."""
    numbers = [*range(1, LONG), 7 if wrong else LONG]
    told = [done("version", "m", f"s{place}", str(number), at=10 * place) for place, number in enumerate(numbers, 1)]
    judged = linearizability(History(tuple(told), ()), ())

    assert bool(judged.illegal) is wrong


def test_pieces_are_short_where_operations_are_alone() -> None:
    """A history is cut where an operation overlaps no other, and not within those that overlap."""
    alone = checker._aliases(History(tuple(aliases()), ()), ())
    together = checker._aliases(History(tuple(replace(one, ended=one.ended + 15) for one in aliases()), ()), ())

    assert max(len(piece["operations"]) for piece in alone) == checker._PIECE
    assert len(together) == 1


def test_what_nobody_was_told_of_is_carried_to_the_end() -> None:
    """A setting without an answer may take effect at any later time, so nothing is cut after it."""
    operations = aliases()
    silent = replace(operations[0], number="silent", value="9999", began=15, ended=0, outcome="silent")
    late = replace(operations[-1], number="late", kind="get-alias", answer="9999", began=10 * LONG, ended=10 * LONG + 1)
    judged = linearizability(History((*operations, silent, late), ()), ())

    assert judged.illegal == ()
    assert judged.ok == ("alias m@a",)
