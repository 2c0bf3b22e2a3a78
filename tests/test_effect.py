"""What a change does to a deployment is told from a run on each side: what breaks, what mends, what nobody knows."""

from __future__ import annotations

from dataclasses import replace

import pytest

from registry_conformance.judge.report.effect import Effect
from registry_conformance.judge.report.effect_markdown import MARK, render
from registry_conformance.judge.report.record import RunRecord
from registry_conformance.judge.requirement import Level, Register, Requirement
from registry_conformance.judge.verdict import Verdict
from tests.report_runs import REGISTER, check, green, run_of

WITH_REGISTRATION = Register(
    {**REGISTER, "REG-001": Requirement("REG-001", Level.MUST, "registration", "mlflow", "It completes.", "PRD 1")}, "x"
)
CAUSE = {
    "id": "artifact-route-missing", "layer": "proxy", "cause": "the proxy lacks a route", "band": "certain",
    "alternative": False, "note": False, "observations": [], "remedy": "add the route", "link": "", "requirements": [],
    "checks": [],
}  # fmt: skip


def of(verdict: Verdict, name: str = "ROU-001", case: str = "uploads") -> RunRecord:
    """Return a run that is green but for one check of a requirement."""
    return green(check(case, verdict, name, actual="404 text/html 207 B"), skip=[name])


def registering(**doors: Verdict) -> RunRecord:
    """Return a run in which a registration came to these verdicts at these doors."""
    records = [check(f"registers_{door}", verdict, "REG-001", door=door) for door, verdict in doors.items()]
    return run_of(
        *records, register=WITH_REGISTRATION, client="3.17.2", target={"doors": dict.fromkeys(doors, "http://h")}
    )


def effect(before: RunRecord, after: RunRecord) -> Effect:
    """Return what the change between two runs does."""
    return Effect.of([(before, after)])


def test_a_promise_that_breaks_is_named_with_its_cause() -> None:
    """What passed before and fails after is broken, by id and level, and the gate is closed."""
    found = effect(of(Verdict.PASSED), replace(of(Verdict.FAILED), diagnosis=[CAUSE], exit_code=1))

    assert found.exit_code == 1
    assert found.sentence == (
        "This change breaks 1 promise (ROU-001; 1 MUST); cause: the proxy lacks a route; fix: add the route."
    )
    assert found.broken[0].seen == "404 text/html 207 B"


def test_a_promise_that_is_mended_opens_the_gate() -> None:
    """What failed before and passes after is mended; a gate lets it through."""
    found = effect(of(Verdict.FAILED), of(Verdict.PASSED))

    assert (found.exit_code, [each.id for each in found.mended]) == (0, ["ROU-001"])
    assert found.sentence == "This change mends 1 promise (ROU-001; 1 MUST); 4 promises kept before and after."


def test_what_is_red_on_both_sides_is_not_the_change() -> None:
    """A promise that neither side keeps is told and does not close the gate."""
    found = effect(of(Verdict.FAILED), of(Verdict.FAILED))

    assert found.exit_code == 0
    assert found.sentence.startswith(
        "This change breaks nothing and mends nothing; 1 promise (ROU-001; 1 MUST) not kept"
    )


def test_another_case_of_a_broken_promise_is_broken_anew() -> None:
    """A promise that failed in one case and now fails in another is broken by the change."""
    before = green(check("one", Verdict.FAILED, "ROU-001"), check("two", Verdict.PASSED, "ROU-001"), skip=["ROU-001"])
    after = green(check("one", Verdict.FAILED, "ROU-001"), check("two", Verdict.FAILED, "ROU-001"), skip=["ROU-001"])

    assert [each.id for each in effect(before, after).broken] == ["ROU-001"]
    assert effect(after, after).broken == ()


@pytest.mark.parametrize("after", [Verdict.INCONCLUSIVE, Verdict.ERROR, Verdict.INAPPLICABLE, Verdict.UNTESTED])
def test_what_nobody_can_say_any_more_is_not_green(after: Verdict) -> None:
    """A promise that was kept and cannot be judged after the change leaves the gate undecided, never open."""
    found = effect(of(Verdict.PASSED), of(after))

    assert (found.exit_code, [each.id for each in found.unproved]) == (6, ["ROU-001"])


def test_what_was_not_known_before_is_not_blamed_on_the_change() -> None:
    """A check that could not be judged before and fails after is not told as broken, and leaves the gate undecided."""
    found = effect(of(Verdict.INCONCLUSIVE), of(Verdict.FAILED))

    assert (found.broken, found.still, found.exit_code) == ((), (), 6)
    assert "1 promise (ROU-001; 1 MUST) could not be judged on one side or both" in found.sentence


@pytest.mark.parametrize(
    ("before", "after", "code"),
    [
        (Verdict.INCONCLUSIVE, Verdict.ERROR, 6),
        (Verdict.UNTESTED, Verdict.INCONCLUSIVE, 6),
        (Verdict.FAILED, Verdict.INCONCLUSIVE, 0),
        (Verdict.ERROR, Verdict.PASSED, 0),
    ],
)
def test_what_is_not_judged_on_a_side_is_no_promise_kept_by_neither(before: Verdict, after: Verdict, code: int) -> None:
    """A promise that a side could not judge is named as such, and leaves undecided only what may be broken."""
    found = effect(of(before), of(after))

    assert ([each.id for each in found.unclear], found.still, found.exit_code) == (["ROU-001"], (), code)


def test_two_runs_that_judged_nothing_leave_the_gate_undecided() -> None:
    """Where every promise is inconclusive on both sides nothing can be said."""
    doubtful = run_of(*[check(f"doubts_{name}", Verdict.INCONCLUSIVE, name) for name in REGISTER])

    assert effect(doubtful, doubtful).exit_code == 6
    assert effect(doubtful, doubtful).sentence.startswith(
        "It cannot be said what this change does: no promise was judged on both sides; 5 promises"
    )


def test_a_base_that_never_started_is_not_blamed_on_the_change() -> None:
    """Without a judged base a red change is not called broken, nor a green one a mend."""
    unstarted = run_of(problem="the proxy did not start", exit_code=6)
    skipped = run_of(check("any", Verdict.INAPPLICABLE, "ROU-001", message="not here"), exit_code=5)

    for after in (of(Verdict.FAILED), registering(canonical=Verdict.PASSED)):
        found = effect(unstarted, after)
        assert (found.exit_code, found.broken, found.let_in) == (6, (), ())
        assert found.sentence == (
            "It cannot be said what this change does: the base could not be judged: the proxy did not start."
        )
    assert effect(skipped, green()).exit_code == 6
    assert "nothing was verified of the base" in effect(skipped, green()).sentence


def test_a_registration_that_nobody_tried_before_is_not_mended() -> None:
    """A door whose registration was not tried before is not known; a door that is new let nobody in before."""
    good = Verdict.PASSED
    untried = replace(registering(canonical=good), records=[check("other", good, "ROU-001")])
    both = registering(canonical=good, literal=good)

    assert effect(untried, registering(canonical=good)).let_in == ()
    assert [each.door for each in effect(registering(canonical=good), both).let_in] == ["literal"]


def test_a_further_client_that_cannot_be_judged_leaves_the_gate_undecided() -> None:
    """A client that registered before and whose registration is inconclusive now is named."""
    first = registering(canonical=Verdict.PASSED)
    old = replace(first, client="2.22.5")
    found = Effect.of([(first, first), (old, replace(registering(canonical=Verdict.ERROR), client="2.22.5"))])

    assert found.exit_code == 6
    assert "whether the MLflow client 2.22.5 at the canonical door, registers a model is not known" in found.sentence
    assert Effect.of([(first, first), (old, replace(old, records=[check("x", Verdict.PASSED)]))]).exit_code == 6


def test_a_check_that_was_not_asked_before_is_named_so() -> None:
    """What breaks by a check that the base was not asked is told apart."""
    found = effect(of(Verdict.PASSED), of(Verdict.FAILED, case="downloads"))

    assert (found.exit_code, found.broken[0].unasked) == (1, True)
    assert "1 promise (ROU-001; 1 MUST) by checks not asked before" in found.sentence
    assert "not asked before" not in effect(of(Verdict.PASSED), of(Verdict.FAILED)).sentence


def test_clients_are_told_by_door() -> None:
    """A client that no longer registers is named with its doors, one that now does as let in."""
    good, bad = Verdict.PASSED, Verdict.FAILED
    found = effect(registering(canonical=good, literal=good, documented=bad), registering(canonical=good, literal=bad))

    assert [str(each) for each in found.cut_off] == ["the MLflow client 3.17.2 at the literal door"]
    assert "registration with the MLflow client 3.17.2 at the literal door" in found.sentence
    assert effect(registering(literal=bad), registering(literal=good)).let_in[0].door == "literal"


def test_a_door_that_is_gone_cuts_its_clients_off() -> None:
    """A door that is not served any more is no green part of a run that never asked it."""
    before = registering(canonical=Verdict.PASSED, literal=Verdict.PASSED)
    found = effect(before, registering(canonical=Verdict.PASSED))

    assert (found.exit_code, found.cut_off[0].why) == (1, "this door is not served any more")


def test_each_client_has_a_pair_of_runs() -> None:
    """Further clients are judged by runs of their own."""
    first = registering(canonical=Verdict.PASSED)
    old = replace(first, client="2.22.5")
    found = Effect.of([(first, first), (old, replace(registering(canonical=Verdict.FAILED), client="2.22.5"))])

    assert [str(each) for each in found.cut_off] == ["the MLflow client 2.22.5 at the canonical door"]


def test_a_side_that_cannot_be_judged_is_told() -> None:
    """A deployment that does not start says nothing of a change; neither do two runs that verified nothing."""
    broken_off = run_of(problem="the proxy did not start: unknown directive", exit_code=6)
    nothing = run_of(check("any", Verdict.INAPPLICABLE, "ROU-001", message="not here"), exit_code=5)

    assert effect(green(), broken_off).exit_code == 6
    assert effect(green(), broken_off).sentence == (
        "It cannot be said what this change does: with it, the proxy did not start: unknown directive."
    )
    assert effect(nothing, nothing).exit_code == 5


def test_the_comment_has_everything_in_a_form_that_cannot_be_broken() -> None:
    """The comment begins with its mark and sentence, and what a server said stands in a cell of its table."""
    hostile = green(check("x", Verdict.FAILED, "ROU-001", actual="<script>|x|`y`"), skip=["ROU-001"], exit_code=1)
    before = of(Verdict.PASSED)
    lines = list(render(effect(before, hostile), before, hostile))

    assert lines[0] == MARK
    assert lines[1].startswith("## ❌ This change breaks 1 promise")
    row = next(line for line in lines if line.startswith("| ROU-001"))
    assert row.endswith("| passed | failed | \\<script\\>\\|x\\|\\`y\\` |")
