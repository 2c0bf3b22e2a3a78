"""A clean-up of models, of which MLflow's user management tells strangers nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from registry_conformance.judge.live.cleanup import CleanupResult
from registry_conformance.judge.target.requests import Made
from tests.safeguards.doubles import Answer, Registry, said
from tests.safeguards.visit import MODEL, RUN, Visit


def denied(registry: Registry) -> Callable[[str, str, dict[str, Any]], Answer | None]:
    """Return what MLflow answers to a user who may see no model but the own ones: of what nobody made, a denial."""

    def instead(_: str, verb: str, asked: dict[str, Any]) -> Answer | None:
        unknown = verb.startswith("/registered-models/") and asked["name"] not in registry.models
        return (403, "text/html", "Permission denied") if unknown else None

    return instead


def test_model_is_gone_if_mlflow_deleted_it_and_denies_the_user_another_look(visit: Visit) -> None:
    """MLflow's user management denies what does not exist: with its answer to the deletion that is proof."""
    visit.registry.instead = denied(visit.registry)
    visit.registry.models.add(MODEL)
    visit.registry.files.add(f"{RUN}-x/a")
    visit.made("model", MODEL)
    visit.made("artifact", f"{RUN}-x/a")

    assert visit.clean() == CleanupResult(2, ())
    assert not visit.registry.models | visit.registry.files


def test_model_that_was_deleted_before_the_clean_up_is_gone(visit: Visit) -> None:
    """The run deleted it itself: the deletion of the clean-up is denied, as of anything that nobody made."""
    visit.registry.instead = denied(visit.registry)
    visit.made("model", MODEL)
    visit.guard.ended(Made("model", MODEL, "d"), "")

    assert visit.clean() == CleanupResult(1, ())


def test_model_that_was_made_anew_after_its_deletion_is_not_known(visit: Visit) -> None:
    """What was deleted may be there again: only the last thing that was asked counts."""
    visit.registry.instead = denied(visit.registry)
    visit.made("model", MODEL)
    visit.guard.ended(Made("model", MODEL, "d"), "")
    visit.made("model", MODEL)

    assert visit.clean().gone == 0


def test_model_that_is_denied_from_the_first_is_not_known(visit: Visit) -> None:
    """Who is denied the deletion too learns nothing: the model may be there."""
    visit.registry.instead = denied(visit.registry)
    visit.made("model", MODEL)
    (left,) = visit.clean().left

    assert "whether it is gone is not known" in left
    assert "403" in left


@pytest.mark.parametrize("answer", [said({}, 500), said({"status": "ok"}), said([])])
def test_denied_model_needs_mlflows_word_on_its_deletion(visit: Visit, answer: Answer) -> None:
    """A deletion that was not answered as MLflow answers it proves nothing of a model that is denied."""
    denies = denied(visit.registry)

    def instead(method: str, verb: str, asked: dict[str, Any]) -> Answer | None:
        return answer if verb == "/registered-models/delete" else denies(method, verb, asked)

    visit.registry.instead = instead
    visit.made("model", MODEL)

    assert "whether it is gone is not known" in visit.clean().left[0]
