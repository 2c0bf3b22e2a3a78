"""Which request needs which right: one ordered table over method and path.

Paths are MLflow's own (door prefix stripped, percent-decoded once, as MLflow sees them). What no rule knows needs
``write``, so that a route added to MLflow is closed until somebody has judged it.
"""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass


class Right(enum.StrEnum):
    """Something a key may be allowed to do."""

    READ = "read"
    WRITE = "write"
    ARTIFACT_READ = "artifact-read"
    ARTIFACT_WRITE = "artifact-write"


@dataclass(frozen=True, slots=True)
class Need:
    """What a request needs: the right, and the name of the rule that said so (``unknown`` if none did)."""

    right: Right
    rule: str


@dataclass(frozen=True, slots=True)
class _Rule:
    name: str
    right: Right
    methods: frozenset[str] | None
    paths: re.Pattern[str]

    def covers(self, method: str, path: str) -> bool:
        return (self.methods is None or method in self.methods) and self.paths.fullmatch(path) is not None


def _rule(name: str, right: Right, methods: str, *paths: str) -> _Rule:
    return _Rule(name, right, None if methods == "*" else frozenset(methods.split()), re.compile("|".join(paths)))


# api and ajax-api mirror each other; a right never depends on which one, or which version, is asked.
_API = r"/(?:api|ajax-api)/[23]\.0/mlflow"
_BYTES = _API + "-artifacts"
_GET = "GET HEAD"
_CHANGE = "POST PUT PATCH DELETE"
_SEARCHES = (
    "experiments/search",
    "experiments/search-datasets",
    "runs/search",
    "logged-models/search",
    "registered-models/get-latest-versions",
    "datasets/search",
    "issues/search",
    "traces/search",
    "traces/batchGetInfos",
    "traces/calculate-filter-correlation",
    "traces/metrics",
    "prompt-optimization/jobs/search",
)

_RULES = (
    _rule("artifact download", Right.ARTIFACT_READ, _GET, _BYTES + r"/(?:artifacts(?:/.*)?|presigned/.+)"),
    _rule("artifact change", Right.ARTIFACT_WRITE, "*", _BYTES + r"/.*"),
    _rule("artifact file", Right.ARTIFACT_READ, _GET, r"/get-artifact", r"/model-versions/get-artifact"),
    _rule("artifact list", Right.ARTIFACT_READ, _GET, _API + r"/(?:artifacts/list|get-trace-artifact)"),
    _rule("model files", Right.ARTIFACT_READ, _GET, _API + r"/logged-models/[^/]+/artifacts/(?:directories|files)"),
    _rule("presigned download", Right.ARTIFACT_READ, "POST", _API + r"/artifacts/presigned-download-url"),
    _rule("direct upload", Right.ARTIFACT_WRITE, "POST", _API + r"/(?:artifacts/presigned-upload-url|upload-artifact)"),
    # It makes the server call out with the server's own credentials, whatever the method.
    _rule("gateway call", Right.WRITE, "*", _API + r"/gateway-proxy"),
    # It starts processes beside the server, by GET too.
    _rule("assistant", Right.WRITE, "*", _API + r"/assistant/.+"),
    _rule("search by POST", Right.READ, "POST", _API + rf"/(?:{'|'.join(map(re.escape, _SEARCHES))})"),
    _rule("job search", Right.READ, "POST", r"/ajax-api/3\.0/jobs/search"),
    # Every field of MLflow's GraphQL schema is a search or a get, its mutations included.
    _rule("graphql", Right.READ, _GET + " POST", r"/graphql"),
    _rule("user interface", Right.READ, _GET, r"/", r"/static-files/.*", r"/build/.*", r"/version", r"/server-info"),
    _rule("health", Right.READ, _GET, r"/health"),
    _rule("metadata read", Right.READ, _GET, _API + r"/.+", r"/ajax-api/3\.0/jobs/.+", r"/gateway/mlflow/v1/models"),
    _rule("metadata change", Right.WRITE, _CHANGE, _API + r"/.+", r"/ajax-api/3\.0/jobs(?:/.*)?"),
    # MLflow's own table holds this path without a slash.
    _rule("misspelt alias", Right.WRITE, _CHANGE, r"/(?:api|ajax-api)/2\.0mlflow/.+"),
    _rule("model gateway", Right.WRITE, "POST", r"/gateway/.+"),
    _rule("telemetry", Right.WRITE, "POST", r"/v1/traces"),
)


def need(method: str, path: str) -> Need:
    """Return what a request needs, by the first rule that covers it; by none, ``write`` and rule ``unknown``."""
    plain = "//" not in path and not {".", ".."} & set(path.split("/"))
    for rule in _RULES if plain else ():
        if rule.covers(method, path):
            return Need(rule.right, rule.name)
    return Need(Right.WRITE, "unknown")
