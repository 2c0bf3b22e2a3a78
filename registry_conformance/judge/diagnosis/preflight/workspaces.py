"""Whether the client may work in the workspace that it names."""

from __future__ import annotations

import re
from dataclasses import replace

from registry_conformance.judge.clients.mlflow_http import REST3
from registry_conformance.judge.diagnosis.preflight.asking import Asking
from registry_conformance.judge.diagnosis.preflight.finding import WORKSPACE, Finding
from registry_conformance.judge.diagnosis.preflight.recognition import SEARCH, is_mlflow
from registry_conformance.judge.diagnosis.preflight.wording import words_of
from registry_conformance.judge.evidence.exchange import Exchange

_INFO = (f"{REST3}/server-info", f"{REST3}/server-features")
"""Where the MLflow client looks up whether a server keeps workspaces: the second if the first is not there."""
_NOT_ENABLED = re.compile(r"workspaces are not enabled", re.IGNORECASE)
_NONE_KEPT = "unset MLFLOW_WORKSPACE, or have the server started with --enable-workspaces"
_ANOTHER = "set MLFLOW_WORKSPACE to a workspace that is there and that you may use, or unset it"


def workspace_refused(asking: Asking, answer: Exchange) -> Finding | None:
    """Return that a request is refused for the workspace that it names: without one it is answered."""
    if not asking.door.workspace:
        return None
    without = replace(asking, door=replace(asking.door, workspace="")).ask(SEARCH, keyed=True)
    if not (without.ok and is_mlflow(without)):
        return None
    words = words_of(answer)
    said = f"; it says: {words!r}" if words else ""
    sentence = (
        f"the workspace {asking.door.workspace!r} is refused with {answer.status}, and the same request without a "
        f"workspace is answered{said}"
    )
    remedy = _NONE_KEPT if _NOT_ENABLED.search(answer.text) else _ANOTHER
    return Finding(WORKSPACE, sentence, remedy, (str(answer), str(without)))


def workspaces_not_kept(asking: Asking) -> Finding | None:
    """Return that the MLflow client itself refuses to work in the workspace, since the server announces none."""
    if not asking.door.workspace:
        return None
    met = asking.ask(_INFO[0], keyed=True)
    if met.status == 404:
        met = asking.ask(_INFO[1], keyed=True)
    document = met.json() if met.ok else None
    if isinstance(document, dict) and document.get("workspaces_enabled"):
        return None
    why = "says that it keeps none" if isinstance(document, dict) else f"answers {met.status} to the question"
    sentence = (
        f"the MLflow client does not work in the workspace {asking.door.workspace!r} where the server does not "
        f"announce workspaces, and this one {why}"
    )
    return Finding(WORKSPACE, sentence, _NONE_KEPT, (str(met),))
