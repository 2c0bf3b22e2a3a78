"""There is one way of waiting: it sees what comes in time, on a slow machine too, and gives up when time is over."""

from __future__ import annotations

import ast
import asyncio
from collections.abc import Iterator
from pathlib import Path

from registry_conformance.judge.locations import PACKAGE, ROOT
from registry_conformance.judge.waiting import awaited, awaited_beside_others

OTHERWISE = {
    "judge/waiting.py": "the one way",
    "judge/clients/partial_transfers.py": "a download at a rate that was asked for",
    "judge/load/load_run.py": "between two looks it starts and kills what is due",
    "lab/stack/link/exchange_relay.py": "a delay that a rule puts on a link",
}
"""Files of the package whose loops may sleep -> why."""


def test_what_comes_is_returned_and_what_does_not_is_given_up() -> None:
    """Looks go on until one is enough; without one the last look is returned."""
    looks = iter(range(100))

    assert awaited(lambda: next(looks), 60, enough=lambda seen: seen == 3, pause=0.001) == 3
    assert awaited(lambda: "", 0.01, pause=0.001) == ""


def test_time_that_is_over_has_a_look_all_the_same() -> None:
    """Without any time there is one look, and what came while nobody looked is seen by the last."""
    assert awaited(lambda: "there", 0) == "there"
    seen = iter([False, True])
    assert awaited(lambda: next(seen), 0.001, pause=60)


def test_an_event_loop_goes_on_meanwhile() -> None:
    """What another task does is seen, and what nobody does is given up."""

    async def waits() -> tuple[bool, bool]:
        done = asyncio.Event()

        async def look() -> bool:
            return done.is_set()

        asyncio.get_running_loop().call_soon(done.set)
        came = await awaited_beside_others(look, 60)
        done.clear()
        return came, await awaited_beside_others(look, 0.01)

    assert asyncio.run(waits()) == (True, False)


def sleeping(file: Path) -> Iterator[int]:
    """Yield the lines of a file at which a loop that waits for a condition sleeps."""
    for loop in ast.walk(ast.parse(file.read_text())):
        if isinstance(loop, ast.While):
            calls = (ast.unparse(node.func) for node in ast.walk(loop) if isinstance(node, ast.Call))
            if {"time.sleep", "asyncio.sleep"} & set(calls):
                yield loop.lineno


def test_nothing_else_waits() -> None:
    """No loop of the package or of a fixture sleeps on its own until something holds, but for those with a reason."""
    found = {
        file.relative_to(PACKAGE if file.is_relative_to(PACKAGE) else ROOT).as_posix()
        for folder in (PACKAGE, ROOT / "fixtures")
        for file in folder.rglob("*.py")
        if any(sleeping(file))
    }

    assert found == set(OTHERWISE)
