"""The location of a failure without a known cause: between which parts, by comparison."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from registry_conformance.judge.diagnosis.answer_forms import ARTIFACTS, FOREIGN, by_forms
from registry_conformance.judge.diagnosis.fact_names import Grade, grade_of, steady
from registry_conformance.judge.diagnosis.facts import Fact, Facts
from registry_conformance.judge.diagnosis.store_codes import layer_of, store_codes

_SILENT = re.compile(r"(all )?(timeout|reset|protocol)\b|.*\b(stalled|cut)$|.* (timeout|reset|protocol)\b")
_REFUSED = re.compile(r"(all )?(401 |(403|429) json (UNAUTHENTICATED|PERMISSION|REQUEST_LIMIT|detail)(?!.*host-check))")
_ROLE = re.compile(r"s3:(Forbidden|NoCredentials|Unauthorized)")
_WAY = re.compile(r"s3:(unreachable|reset|timeout|tls)")
_ACCESS = ("key.", "reader.", "admin.", "open.", "spoof", "doors.open", "doors.reader", "bypass")
_FLOW = (
    "doors.search.P", "key.bearer.P", "meta.create.P", "meta.run.P", "put.P", "stored.P", "list.P", "get.P",
    "get.later.P", "presign.P", "multipart.create.P", "meta.logged.P", "model.put.P", "model.get.P",
    "meta.model.P", "meta.version.P",
)  # fmt: skip
"""The steps of a registration, in their order: what fails after the first is often its consequence."""
_EVERYBODYS = "mlflow"
"""The layer of requirements that fail whatever stands before or behind it is broken."""
_TWINS = {"doors.search.P": "search.O", "doors.health.P": "health.O", "doors.version.P": "version.O"}


@dataclass(frozen=True, slots=True)
class Location:
    """A layer, empty if no comparison shows one, and a description of the comparison."""

    layer: str
    words: str


def fault_location(facts: Facts, kept_by: Collection[str] = ()) -> Location:
    """Return between which parts the first significant failure is.

    ``kept_by`` are the responsible layers of the failed requirements, one for each: used if nothing can be compared,
    and they agree. Requirements of MLflow fail together with others, and show nothing.
    """
    anomalies = facts.anomalies
    found = _declared(facts, anomalies)
    if found is not None:
        return found
    for grade in Grade:
        some = [fact for fact in anomalies if grade_of(fact.name) is grade and steady(fact.name)]
        located = _compared(facts, some)
        if located is not None:
            return located
    if (formed := by_forms(facts, [fact for fact in anomalies if steady(fact.name)], _FLOW)) is not None:
        return Location(*formed)
    telling = [layer for layer in kept_by if layer != _EVERYBODYS]
    if len(set(telling)) == 1 and len(telling) * 2 > len(kept_by):
        return Location(telling[0], f"most of the requirements that failed are kept by this layer: {telling[0]}")
    return Location("", "what was seen does not show between which parts")


def _declared(facts: Facts, anomalies: Sequence[Fact]) -> Location | None:
    """Return a location that needs no comparison: the client's machine, the connection to the door, the key service."""
    names = [fact.name for fact in anomalies]
    if any(name.startswith("client.") for name in names):
        return Location("client", "on the client's own machine")
    if facts.value("reach.line.P") not in ("", "all open"):
        return Location("network", "between this client and the door")
    if _bodies_alone_hang(facts):
        return Location(
            "proxy",
            "requests with a body get no answer, whatever they are for, and those without one do: what is asked about "
            "a request before MLflow waits for a body that it is not sent (nginx with auth_request: set "
            "proxy_pass_request_body off and an empty Content-Length there), or bodies are held back on the way",
        )
    if any(name.startswith("keys.") for name in names):
        return Location("keys", "in the key service: it was asked directly")
    if names and all(name.startswith("tls.") for name in names):
        return Location("proxy", "in the TLS of the door; without TLS it works")
    return None


def _bodies_alone_hang(facts: Facts) -> bool:
    """Return whether a search and an upload wait for ever at the door, and a request without a body does not."""
    hang = facts.value("route.rest-post.P").endswith("timeout") and facts.value("put.P").startswith("timeout")
    alike = facts.value("route.rest-post.O").endswith("timeout")
    return hang and not alike and facts.value("doors.search.P").endswith("200 json")


def _compared(facts: Facts, anomalies: Sequence[Fact]) -> Location | None:
    through = [fact for fact in anomalies if fact.name.endswith(".P")]
    before = [fact for fact in through if _at_origin(facts, fact) == "right"]
    both = [fact for fact in through if _at_origin(facts, fact) == "wrong"]
    if before and len(before) >= len(both):
        first = [fact for name in _FLOW for fact in before if fact.name == name]
        return _before_mlflow(first[:1] or before)
    behind = both or [fact for fact in anomalies if fact.name.endswith(".O") and not fact.name.startswith("seen.")]
    if behind:
        return _behind_the_proxy(facts, behind)
    return _by_one_place(facts, anomalies, through)


def _by_one_place(facts: Facts, anomalies: Sequence[Fact], through: Collection[Fact]) -> Location | None:
    """Return a location from a single place: what MLflow received, who admitted a stranger, the form of errors."""
    if any(fact.name.startswith("seen.") for fact in anomalies):
        return Location("proxy", "in what the proxy hands on: MLflow was sent something else")
    decided = facts.value("open.decided.P")
    if decided:
        layer = "auth" if decided.startswith("by") else "proxy"
        return Location(layer, f"requests without a key were let in {decided}")
    if (answered := _by_another(through)) is not None:
        return answered
    if through and all(fact.name.startswith(_ACCESS) for fact in through):
        return Location("auth", "in who is let in, and to what")
    return None


def _by_another(wrong: Collection[Fact]) -> Location | None:
    """Return that something in front of MLflow sent the first failed response, if its form is not MLflow's."""
    first = next((fact for name in _FLOW for fact in wrong if fact.name == name), None)
    found = FOREIGN.match(first.value) if first else None
    if found is None:
        return None
    what = "throttled" if found["status"] == "429" else "answered"
    return Location("proxy", f"{what} before MLflow, which has another form of errors: {found[0].removeprefix('all ')}")


def _before_mlflow(wrong: Collection[Fact]) -> Location:
    if _most(wrong, _SILENT):
        return Location(
            "network", "wrong through the door, right straight to MLflow, and it is the connection that fails"
        )
    if _most(wrong, _REFUSED):
        return Location("auth", "refused at the door, and served straight from MLflow")
    return Location("proxy", "wrong through the door, and right straight to MLflow")


def _behind_the_proxy(facts: Facts, wrong: Collection[Fact]) -> Location:
    codes = store_codes(facts.anomalies)
    if codes:
        return Location(
            layer_of(min(codes)), f"wrong straight to MLflow too, and the store says {', '.join(sorted(codes))}"
        )
    said = " ".join(fact.value for fact in wrong)
    if _ROLE.search(said):
        return Location("iam", "wrong straight to MLflow too, and the store refuses MLflow's own credentials")
    if _WAY.search(said):
        return Location("network", "wrong straight to MLflow too: it does not reach the store")
    if all(fact.name.startswith("cut.") for fact in wrong):
        return Location(
            "mlflow",
            "an upload that is cut leaves a part behind, straight to MLflow too: its web server takes a body that ends "
            "early for a whole one, as gunicorn does (gunicorn#3234), and uvicorn does not",
        )
    if not all(ARTIFACTS.match(fact.name) for fact in wrong):
        return Location("mlflow", "wrong through the door and straight to MLflow alike")
    return Location("store", "metadata is right; artifacts are wrong through the door and straight to MLflow alike")


def _at_origin(facts: Facts, fact: Fact) -> str:
    """Return whether MLflow itself answered the same request ``right`` or ``wrong``, empty if it was not sent."""
    twin = facts.get(_TWINS.get(fact.name, fact.name.removesuffix("P") + "O"))
    if twin is None or not twin.seen:
        return ""
    return "right" if twin.normal else "wrong"


def _most(some: Collection[Fact], kind: re.Pattern[str]) -> bool:
    return sum(kind.match(fact.value) is not None for fact in some) * 2 > len(some)
