"""Whether the name under which the MLflow client asks, its User-Agent, is refused."""

from __future__ import annotations

from registry_conformance.judge.diagnosis.preflight import finding
from registry_conformance.judge.diagnosis.preflight.asking import OTHER_AGENTS, Asking
from registry_conformance.judge.diagnosis.preflight.finding import Finding
from registry_conformance.judge.diagnosis.preflight.recognition import SEARCH
from registry_conformance.judge.evidence.exchange import Exchange


def client_name_refused(asking: Asking, answer: Exchange) -> Finding | None:
    """Return that only the User-Agent is rejected: the same request with another one is not."""
    if answer.status is None or answer.status < 400:
        return None
    others = (asking.ask(SEARCH, keyed=True, agent=agent) for agent in OTHER_AGENTS)
    other = next((each for each in others if _passes(each, answer)), None)
    if other is None:
        return None
    if asking.ask(SEARCH, keyed=True).status != answer.status:
        return None  # it fails now and then, under whichever name
    sentence = (
        f"{asking.host} refuses the User-Agent of the MLflow client with {answer.status}; "
        f"the same request under another name is answered {other.status}"
    )
    return Finding(finding.AGENT, sentence, finding.AGENT.remedy, (str(answer), str(other)))


def _passes(other: Exchange, refused: Exchange) -> bool:
    """Return whether a request fares better than one that was refused: neither so, nor for want of room or health."""
    return other.status not in (None, refused.status, 429) and (other.status or 0) < 500


def client_name_dropped(asking: Asking, silent: Exchange) -> Finding | None:
    """Return that connections are closed, or left without an answer, for the User-Agent alone.

    What fails before the request was sent, as in the handshake, cannot depend on a header of it.
    """
    if not silent.moments or silent.error.startswith("tls"):
        return None
    others = (asking.ask(SEARCH, agent=agent) for agent in OTHER_AGENTS)
    other = next((each for each in others if each.status is not None), None)
    if other is None or asking.ask(SEARCH).status is not None:
        return None
    sentence = (
        f"{asking.host} gives no answer to the User-Agent of the MLflow client; the same request under another name "
        f"is answered {other.status}"
    )
    return Finding(finding.AGENT, sentence, finding.AGENT.remedy, (str(silent), str(other)))
