"""By what a file is refused before MLflow: the same upload is sent again with one thing changed at a time."""

from __future__ import annotations

from urllib.parse import quote

from registry_conformance.judge.diagnosis.asker import Asker
from registry_conformance.judge.diagnosis.preflight.barriers import firewall, held_back
from registry_conformance.judge.diagnosis.probes.artifacts import FILES
from registry_conformance.judge.evidence.exchange import Exchange

_JSON = "application/json"
_PLAIN_NAME = "plain"
File = tuple[str, str, bytes]
"""Its name, its media type, and what is in it."""


def tell_refused_by(asker: Asker, root: str, file: File, first: Exchange) -> None:
    """Tell whether another media type, other bytes, or another name is let through, if one alone is.

    ``file`` was refused at first, with the answer ``first``. Nothing is told if it passes by
    now, or if MLflow refused it, which says why.
    """
    if not first.refused or first.error_code or first.status in (401, 407, 429):
        return
    name, kind, body = file
    of_type = f"the same file passes as {_JSON}: it is refused for its Content-Type, {kind}"
    of_content = f"other bytes pass under the same name, {name}: it is refused for what is in it"
    of_name = f"the same bytes pass under a name without an ending: it is refused for its name, {name}"
    tries: tuple[tuple[str, str, File], ...] = (
        ("type", of_type, (name, _JSON, body)),
        ("content", of_content, (name, kind, b"a" * len(body))),
        ("name", of_name, (_PLAIN_NAME, kind, body)),
    )
    passed = [(how, words) for how, words, other in tries if _sent(asker, root, other).ok]
    by = "filter" if held_back(first) or firewall(first) else ""
    how, words = passed[0] if len(passed) == 1 and not _sent(asker, root, file).ok else ("", "")
    if how or by:
        value = " ".join(filter(None, (how, by)))
        asker.context.facts.record(f"register.refused-by.{asker.place}", value, words, evidence=(first.evidence(),))


def _sent(asker: Asker, root: str, file: File) -> Exchange:
    name, kind, body = file
    headers = [("Content-Type", kind)]
    return asker.send("PUT", f"{FILES}/{root}/{quote(name)}", once=True, body=body, headers=headers)
