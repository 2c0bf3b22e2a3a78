"""Whether an answer is that to another query: a cache on the way that keeps answers by their path alone."""

from __future__ import annotations

from collections.abc import Mapping

from registry_conformance.judge.diagnosis.asker import PLACES, Asker
from registry_conformance.judge.evidence.exchange import Exchange

_LEAST = 2
"""So many questions with the answer to another one are no chance."""


def mixed_up(asker: Asker, answers: Mapping[str, Exchange]) -> None:
    """Tell that experiments which were asked for by name are answered as others, if they are.

    ``answers`` are by the name that was asked for; nothing has one of these names.
    """
    others = [answer for name, answer in answers.items() if _is_of_another(answer, name, answers)]
    if len(others) >= _LEAST:
        words = f"{len(others)} of {len(answers)} queries for different names got the answer to another query"
        _tell(asker, words, others)


def same_list(asker: Asker, listed: Exchange, empty: Exchange) -> None:
    """Tell that a list of a folder that nobody made shows the files of another, if it does."""
    files = listed.at("files") if listed.ok and empty.ok else None
    if files and empty.at("files") == files:
        _tell(asker, "a list of a folder that nobody made shows the files of another folder", [listed, empty])


def _tell(asker: Asker, words: str, answers: list[Exchange]) -> None:
    evidence = tuple(answer.evidence() for answer in answers)
    asker.context.facts.record(
        f"cached.query.{asker.place}", "by path", f"{words} {PLACES[asker.place]}", "by query", evidence
    )


def _is_of_another(answer: Exchange, name: str, answers: Mapping[str, Exchange]) -> bool:
    """Return whether an answer names another experiment than the one that was asked for."""
    if answer.ok:
        named = answer.at("experiment", "name")
        return isinstance(named, str) and named not in ("", name)
    said = answer.text if answer.error_code else ""
    return name not in said and any(other in said for other in answers)
