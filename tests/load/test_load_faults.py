"""A rule that is about many at once leaves one alone."""

from __future__ import annotations

import pickle
from pathlib import Path

from registry_conformance.lab.disturbance import Answer, Rule, When
from registry_conformance.lab.stack.link.active_rules import LinkPlan, Rulebook
from registry_conformance.lab.stack.link.message import Message

REFUSED = Answer(503)


def rulebook(folder: Path, when: When) -> Rulebook:
    """Return the rules of a link that refuses what a rule is about."""
    (folder / "rules").write_bytes(pickle.dumps({"proxy": (Rule(when, (REFUSED,)),)}))
    return Rulebook(folder / "rules", "proxy")


def asked(rules: Rulebook, path: str = "/x") -> LinkPlan:
    """Return what becomes of one more request."""
    return rules.plan(Message(f"GET {path} HTTP/1.1\r\n\r\n"))


def test_a_rule_about_several_at_once_leaves_the_first_alone(tmp_path: Path) -> None:
    """The third at the same time is refused, and not when one of the others has been answered."""
    rules = rulebook(tmp_path, When(together=3))
    plans = [asked(rules) for _ in range(3)]
    for _ in range(2):  # of an answer and of the end of its connection, one counts
        rules.over(plans[0])
    rules.over(plans[2])

    assert [plan.acts for plan in plans] == [[], [], [REFUSED]]
    assert asked(rules).acts == []
    assert asked(rules).acts == [REFUSED]


def test_only_what_fits_is_counted(tmp_path: Path) -> None:
    """Requests that a rule is not about do not count."""
    rules = rulebook(tmp_path, When(path="/x", together=2))
    for _ in range(3):
        asked(rules, "/y")

    assert asked(rules).acts == []
