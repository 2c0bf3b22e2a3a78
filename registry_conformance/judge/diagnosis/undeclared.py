"""What is expected of a deployment that declared nothing: what a client needs, and no more.

The probes know what the reference promises. Others refuse in another form, answer other paths, say other headers, run
an MLflow that has not learned everything yet, and are healthy all the same: what such a deployment does otherwise is a
note.
"""

from __future__ import annotations

import re

from packaging.version import InvalidVersion, Version

_ANY = ".*"
_REFUSED = "(30[12378]|40[137]).*"
_TURNED_AWAY = "(all )?(302|4\\d\\d) .*"
_ABSENT = "(all )?501 json NOT_IMPLEMENTED.*"
_RELAXED = (
    ("key\\.(none|bad|empty|longer|bad-api-key)|spoof", _REFUSED),
    ("key\\.twice", f"{_REFUSED}|400 .*"),
    ("key\\.(apikey|x-api-key|small|basic|query|bad-then-good)", _ANY),
    (
        "open\\.(main|decided)|doors\\.open",
        r"(?!.*\b(rest|write|delete|patch|put|list|get|multipart|ajax):(2|40[04])).*",
    ),
    ("open\\.health", _ANY),
    ("error\\.|browser\\.|reader\\.|admin\\.|rest\\.(errors|browser)\\.", _ANY),
    ("head\\.(id|own-id|software|sniff|download|coding|range|size|unchanged|long|long-query)", _ANY),
    ("head\\.method", "(405|501) .*"),
    ("climb", _TURNED_AWAY),
    ("doors\\.(health|version)", _ANY),
    ("route\\.(page|files|graphql|ajax|ajax3|ajax-artifacts|ajax-files|get-artifact|version-artifact|api3)", _ANY),
    ("route\\.(presigned|multipart)|presign|multipart\\.create", _ABSENT),
    ("route\\.(rest-patch|rest-delete|logged)", "(all )?404 .*"),
    ("meta\\.(api3|source|logged)", "(200|40[04]) json.*"),
    ("chunked(?!.*stored)", "200 empty|(411|501) .*"),
    ("get\\.deleted", "200 \\w+ kept"),
    ("follow\\.lasts|log\\.|seen\\.", _ANY),
)
"""How the names of facts begin, and which values are no anomaly there beside those of the reference."""

_API3, _HISTORY, _PRESIGNED = "meta\\.api3", "meta\\.history", "route\\.presigned|presign"
_WITHOUT_VERSION = (_API3, _HISTORY, _PRESIGNED)
"""What no client needs of this, so that it is no anomaly either where MLflow does not say its version."""
_ROUTE_UNKNOWN = "(all )?404 html flask.*"
_LEARNED = (
    (Version("2.17"), "delete\\.|route\\.deletion", "(all )?500 html flask"),
    (Version("2.17"), "get\\.deleted", "200 .*"),
    (Version("3.10"), _API3, _ROUTE_UNKNOWN),
    (Version("3.14"), _HISTORY, "200 json other"),
    (Version("3.13"), "name\\.unicode\\.get", "500 text"),
    (Version("3.11.1"), _PRESIGNED, _ROUTE_UNKNOWN),
)
"""The version since which MLflow does it as the reference: before, names and values that are no anomaly.

Clients ask whether a server has a route before they rely on it, and do without. It is their own that servers
before 2.17 delete folders on a disk and no single file, that 3.1 to 3.13 give no history without ``max_results``
(mlflow#23917), and that those up to 3.12 give no file back whose name is not ASCII.
"""


def tolerated(name: str, value: str, version: str = "") -> bool:
    """Return whether a value is no anomaly for a deployment that declared nothing.

    ``version`` is that of MLflow, by its own word; empty if it does not say.
    """
    if any(re.match(names, name) and re.fullmatch(values, value) for names, values in _RELAXED):
        return True
    try:
        own = Version(version)
    except InvalidVersion:
        own = None
    return any(
        re.match(names, name) and re.fullmatch(values, value)
        for since, names, values in _LEARNED
        if (names in _WITHOUT_VERSION if own is None else own < since)
    )
