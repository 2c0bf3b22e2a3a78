"""Who is asked what a target holds: MLflow past the proxy before the doors, more than once, and all must agree.

Kind: one answer that is believed. Two servers with a database each behind one door answer in turn.
"""

from __future__ import annotations

import gzip
import itertools
import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import pytest

from registry_conformance.judge.clients.mlflow_http import REST, MlflowHttp
from registry_conformance.judge.evidence.recorder import Evidence
from registry_conformance.judge.live import holder as module
from registry_conformance.judge.live import presence
from registry_conformance.judge.live.extent import RemovalGuard
from registry_conformance.judge.live.holder import Holder
from registry_conformance.judge.live.presence import Observation, State
from registry_conformance.judge.target.target import Door, Target
from tests import web_answers
from tests.safeguards.doubles import PROXYS_404, Answer, Registry, said, serving

RUN = "verify-20300101-000000-abcdef"
NAME = f"{RUN}-m"


@pytest.fixture(autouse=True)
def without_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two rounds of questions, without waiting."""
    monkeypatch.setattr(module, "PAUSES", (0.0, 0.0))


@pytest.fixture
def parts() -> Iterator[tuple[Registry, Registry, Target]]:
    """Two registries, and a target whose only door leads to the first; its origin is none of them yet."""
    first, second = Registry(models={NAME}), Registry(models={NAME})
    with ExitStack() as stack:
        one, other = (stack.enter_context(serving(each)) for each in (first, second))
        doors = (Door("one", one, 5.0), Door("other", other, 5.0))
        yield first, second, Target("t", "live", doors, {})


def holder(target: Target, *, doors: int = 1, origin: bool = False) -> Holder:
    """Return who asks at so many doors; with an ``origin``, at the last of them past the proxy."""
    given = target.doors[:doors]
    reached = Target("t", "live", given[:1] if origin else given, {}, origin=given[-1] if origin else None)
    return Holder(reached, RemovalGuard(RUN))


def look(own: Holder) -> Observation:
    """Return what is agreed about a model."""

    def ask(wire: MlflowHttp) -> Observation:
        met = own.ask(wire, "GET", f"{REST}/registered-models/get", query={"name": NAME})
        return presence.of_model(met, NAME)

    return own.agreed(ask)


def parting(own: Holder) -> str:
    """Return at which door servers part."""
    return own.parted(
        lambda wire: presence.of_model(
            own.ask(wire, "GET", f"{REST}/registered-models/get", query={"name": NAME}), NAME
        )
    )


Parts = tuple[Registry, Registry, Target]


def test_one_door_is_asked_twice(parts: Parts) -> None:
    """One door is asked twice for the same."""
    first, _, target = parts

    assert look(holder(target)).state is State.THERE
    assert len(first.asked) == 2


def test_all_doors_are_asked_and_must_agree(parts: Parts) -> None:
    """All doors are asked once each, more than once if they do not agree; then it is not known."""
    first, second, target = parts
    assert look(holder(target, doors=2)).state is State.THERE
    assert (len(first.asked), len(second.asked)) == (1, 1)
    second.models.clear()

    seen = look(holder(target, doors=2))
    assert seen.state is State.UNKNOWN
    assert "do not agree" in seen.said
    assert len(second.asked) == 3


@pytest.mark.parametrize(
    ("status", "goal", "found"),
    [
        (308, "/registry/v2{path}", State.THERE),
        (307, "{base}/registry/v2{path}", State.THERE),
        (302, "/registry/v2{path}", State.UNKNOWN),
        (308, "http://127.0.0.1:1/registry/v2{path}", State.UNKNOWN),
        (308, "/registry/v2/another/path", State.UNKNOWN),
    ],
)
def test_a_redirect_that_keeps_the_request_is_followed_at_one_place(status: int, goal: str, found: State) -> None:
    """A door that hands requests on to another path, as they are, is followed; to another place it is not."""
    registry = Registry(models={NAME})

    def moving(asked: web_answers.Asked) -> web_answers.Answer:
        path, _, query = asked.path.partition("?")
        if path.startswith("/old"):
            where = goal.format(path=path.removeprefix("/old"), base=there.url)
            return web_answers.Answer(status, "", {"Location": f"{where}?{query}"})
        _, media, text = registry.answer("GET", path.removeprefix("/registry/v2"), {"name": NAME})
        return web_answers.Answer(200, text, {"Content-Type": media})

    with web_answers.site(moving) as there:
        target = Target("t", "live", (Door("one", f"{there.url}/old", 5.0),), {})
        assert look(holder(target)).state is found


def test_what_a_gateway_fails_at_for_a_moment_is_asked_again(parts: Parts) -> None:
    """One of two servers behind a door is down: every second request is answered 502, and the others tell."""
    first, _, target = parts
    first.models.clear()
    turns = itertools.cycle([True, False])
    first.instead = lambda *_: (502, "text/html", "<h1>Bad Gateway</h1>") if next(turns) else None

    own = holder(target)
    assert [look(own).state for _ in range(3)] == [State.GONE] * 3
    assert len(first.asked) == 3 * 2 * 2  # two questions each time, each asked once more and no oftener


def test_what_failed_for_a_moment_is_asked_until_it_is_answered(parts: Parts) -> None:
    """What a gateway fails at once is asked twice and no more, each time anew."""
    first, _, target = parts
    turns = itertools.cycle([True, False])
    first.instead = lambda *_: (502, "text/html", "<h1>Bad Gateway</h1>") if next(turns) else None
    own, wire = holder(target), MlflowHttp(target.doors[0], None, Evidence(), RUN)

    for number in range(1, 5):
        assert own.ask(wire, "GET", f"{REST}/registered-models/get", query={"name": NAME}).ok
        assert len(first.asked) == 2 * number


def test_a_gateway_that_fails_for_good_is_believed(parts: Parts) -> None:
    """After two questions that no repetition helped, the door is not repeated at: a clean-up ends."""
    first, _, target = parts
    first.instead = lambda *_: (503, "text/html", "<h1>Service Unavailable</h1>")

    own = holder(target)
    assert look(own).state is State.UNKNOWN
    asked = len(first.asked)
    look(own)
    assert len(first.asked) - asked == asked - 2 * module._AGAIN


def test_one_404_among_200s_is_not_known(parts: Parts) -> None:
    """One answer of MLflow that something is absent, among others that it is there, proves nothing."""
    first, _, target = parts
    turns = itertools.cycle([True, False])
    first.instead = lambda *_: None if next(turns) else _gone()

    assert look(holder(target)).state is State.UNKNOWN


def test_what_a_proxy_says_is_left_out(parts: Parts) -> None:
    """A 404 of a proxy at one door is left out if MLflow answers at another, and is not known if it is all there is."""
    first, second, target = parts
    second.models.clear()
    first.instead = lambda *_: PROXYS_404

    assert look(holder(target, doors=2)).state is State.GONE
    seen = look(holder(target))
    assert seen.state is State.UNKNOWN
    assert "404 text/html" in seen.said


def test_mlflow_past_the_proxy_has_the_word(parts: Parts) -> None:
    """MLflow past the proxy has the word if it can tell; the doors are not asked then, and are if it cannot."""
    first, second, target = parts
    second.models.clear()
    assert look(holder(target, doors=2, origin=True)).state is State.GONE
    assert not first.asked
    second.instead = lambda *_: PROXYS_404

    assert look(holder(target, doors=2, origin=True)).state is State.THERE


def test_what_is_seen_for_a_moment_longer_is_asked_again(parts: Parts) -> None:
    """What a server sees for a moment longer than another is asked again."""
    first, _, target = parts
    turns = iter([_gone(), None])
    first.instead = lambda *_: next(turns, _gone())

    assert look(holder(target)).state is State.GONE


def test_servers_that_share_no_database_are_noticed(parts: Parts) -> None:
    """Servers behind one door that share no database are noticed, at a door or past the proxy."""
    first, second, target = parts
    assert parting(holder(target, doors=2, origin=True)) == ""
    turns = itertools.cycle([True, True, True, False])
    second.instead = lambda *_: None if next(turns) else _gone()

    told = parting(holder(target, doors=2, origin=True))
    assert told.startswith("several servers answer at the door other")
    assert "there 6 times, gone 2 times" in told
    first.instead = lambda *_: None if next(turns) else PROXYS_404
    assert parting(holder(target)) == ""


def test_places_that_share_no_database_are_noticed(parts: Parts) -> None:
    """Kind: an id believed. A door and an origin, or two doors, of servers with a database each are noticed."""
    _, second, target = parts
    second.models.clear()

    told = "do not share a database: one thing is there at one, gone at other"
    assert told in parting(holder(target, doors=2, origin=True))
    assert told in parting(holder(target, doors=2))
    second.instead = lambda *_: PROXYS_404
    assert parting(holder(target, doors=2)) == ""


def test_place_that_sees_a_thing_a_moment_later_shares_the_database(parts: Parts) -> None:
    """A replica that is late is asked again before it counts as another database."""
    _, second, target = parts
    late = iter([True] * (module._OFTEN + 1))
    second.instead = lambda *_: _gone() if next(late, False) else None

    assert parting(holder(target, doors=2)) == ""


def test_place_where_a_user_is_denied_a_thing_may_share_the_database(parts: Parts) -> None:
    """What one user may not see is no sign of another database."""
    _, second, target = parts
    second.instead = lambda *_: (403, "text/plain", "Permission denied")

    assert parting(holder(target, doors=2)) == ""


def test_removal_by_an_id_is_sent_only_where_the_id_is_confirmed(parts: Parts) -> None:
    """A removal is not sent to a place that does not say itself that the thing is there."""
    first, second, target = parts
    first.models.clear()
    own = holder(target, doors=2, origin=True)

    def here(wire: MlflowHttp) -> Observation:
        met = own.ask(wire, "GET", f"{REST}/registered-models/get", query={"name": NAME})
        return presence.of_model(met, NAME)

    removal: dict[str, Any] = {"json": {"name": NAME}}
    assert own.send("DELETE", f"{REST}/registered-models/delete", where=here, **removal).ok
    assert not first.removals
    assert not second.models
    nowhere = own.send("DELETE", f"{REST}/registered-models/delete", where=here, **removal)
    assert "nobody" in nowhere.error
    assert len(second.removals) == 1


def test_removal_is_sent_to_one_door_after_the_other(parts: Parts) -> None:
    """A removal is sent to one door after the other until MLflow answers, the origin last."""
    first, second, target = parts
    first.instead = lambda *_: PROXYS_404
    removal: dict[str, Any] = {"json": {"name": NAME}}

    assert holder(target, doors=2).send("DELETE", f"{REST}/registered-models/delete", **removal).ok
    assert not second.models
    first.instead = lambda *_: None
    assert holder(target, doors=2, origin=True).send("DELETE", f"{REST}/registered-models/delete", **removal).ok
    assert len(second.asked) == 1
    again = holder(target, doors=2).send("DELETE", f"{REST}/registered-models/delete", **removal)
    assert again.error_code == "RESOURCE_DOES_NOT_EXIST"
    assert len(second.asked) == 1


def test_door_that_does_not_answer_is_soon_left_alone() -> None:
    """A door that does not answer is asked twice in a row and no more."""
    own = Holder(Target("t", "live", (Door("d", "http://127.0.0.1:9", 1.0),), {}), RemovalGuard(RUN))
    said = [own.send("GET", "/health").error for _ in range(3)]

    assert "nobody answered before" in said[2]
    assert "nobody answered before" not in said[1]
    broken = Door("d", "http://127.0.0.1:9", 1.0, broken="it says nothing")
    known = Holder(Target("t", "live", (broken,), {}), RemovalGuard(RUN))
    assert ["nobody answered before" in known.send("GET", "/health").error for _ in range(2)] == [False, True]
    assert Holder(Target("t", "live", (), {}), RemovalGuard(RUN)).send("GET", "/x").status is None
    assert look(Holder(Target("t", "live", (), {}), RemovalGuard(RUN))).state is State.UNKNOWN


def test_broken_door_is_not_asked_while_another_works(parts: Parts) -> None:
    """A run sends nothing to a broken door that changes anything, so that nothing there is its own to remove."""
    first, second, target = parts
    works, broken = target.doors[0], replace(target.doors[1], broken="it says nothing")
    own = Holder(replace(target, doors=(broken, works)), RemovalGuard(RUN))

    assert look(own).state is State.THERE
    assert own.send("DELETE", f"{REST}/registered-models/delete", json={"name": NAME}).ok
    assert not first.models
    assert second.models
    assert second.asked == []


def test_door_that_is_known_to_be_broken_is_asked_once() -> None:
    """Where every door is broken, each has one chance to answer in the clean-up."""
    broken = Door("d", "http://127.0.0.1:9", 1.0, broken="nobody answers")
    own = Holder(Target("t", "live", (broken,), {}), RemovalGuard(RUN))
    said = [own.send("GET", "/health").error for _ in range(2)]

    assert ["nobody answered before" in each for each in said] == [False, True]


def _gone() -> Answer:
    return Registry().answer("GET", "/api/2.0/mlflow/registered-models/get", {"name": NAME})


def test_mlflow_is_known_by_its_own_words(parts: tuple[Registry, Registry, Target]) -> None:
    """A place where MLflow answers is known by its error for a name that nobody has made; each is asked once."""
    first, second, target = parts
    second.instead = lambda *_: said({})
    own = holder(target, doors=2)
    one, other = (MlflowHttp(door, None, Evidence(), RUN) for door in target.doors)

    assert [own.is_mlflow(wire) for wire in (one, other, one, other)] == [True, False, True, False]
    assert (len(first.asked), len(second.asked)) == (1, 1)


def test_words_that_come_packed_are_read() -> None:
    """A gateway that packs whatever it passes on hides from nobody what is gone: so is what a client unpacks."""
    words = {"error_code": "RESOURCE_DOES_NOT_EXIST", "message": f"Registered Model with name={NAME} not found"}
    packed = gzip.compress(json.dumps(words).encode())
    labels = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
    with web_answers.site(web_answers.always(web_answers.Answer(404, packed, labels))) as there:
        own = holder(Target("t", "live", (Door("one", there.url, 5.0),), {}))
        assert look(own).state is State.GONE
