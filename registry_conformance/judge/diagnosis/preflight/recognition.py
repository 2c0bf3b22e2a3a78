"""Whether an MLflow server answers, at this path or at a neighbouring one, and which version by its own word."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import replace
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from registry_conformance.judge.clients.content_coding import ACCEPTED, unknown_coding, unpacked
from registry_conformance.judge.clients.mlflow_http import REST
from registry_conformance.judge.diagnosis.preflight import finding
from registry_conformance.judge.diagnosis.preflight.applications import described, seems_to_be, title_of
from registry_conformance.judge.diagnosis.preflight.asking import Asking
from registry_conformance.judge.diagnosis.preflight.finding import Finding
from registry_conformance.judge.diagnosis.preflight.products import APPLICATION, UNKNOWN, Product, author_of
from registry_conformance.judge.diagnosis.preflight.sign_in import asked_to_sign_in
from registry_conformance.judge.diagnosis.preflight.wording import words_of
from registry_conformance.judge.evidence.coding import Unpacking
from registry_conformance.judge.evidence.exchange import Exchange
from registry_conformance.judge.evidence.json_document import parsed
from registry_conformance.judge.evidence.sign_in import is_sign_in_page

SEARCH = f"{REST}/experiments/search?max_results=1"
_VERSION = re.compile(r"\d+\.\d+(?:\.\d+)?(?:\.?(?:rc|dev|a|b|post)\d*)*")
_STANDARD = ("", "/mlflow", "/api/mlflow")
"""Paths at which MLflow usually answers."""
_FLASK_404 = "If you entered the URL manually"
"""What a Flask application, as MLflow is one, says of a path that it does not know."""
_GZIP, _PACKERS, _MOST_PACKED = b"\x1f\x8b", frozenset({"gzip", "x-gzip"}), 3
"""How what is packed by gzip begins, the names of that coding, and how often over it is unpacked at most."""
_MOST = 8
"""So many neighbouring paths are asked."""
_HAND_ON = frozenset({"nginx", "apache", "haproxy", "caddy", "traefik", "envoy", "istio", "openshift", "go"})
"""Proxies that make a 400 of their own only for what they cannot read as a request."""
_PRECEDED = (
    "have its log say what it could not read; if a load balancer stands before it that sends the PROXY protocol "
    "(send-proxy), have it expect that (in nginx: listen ... proxy_protocol), or switch it off in both"
)


def is_mlflow(answer: Exchange) -> bool:
    """Return whether the answer to a search for experiments is one of MLflow's, or an error in MLflow's form."""
    document = answer.json()
    if not isinstance(document, dict):
        return 'realm="mlflow"' in answer.header("www-authenticate").lower()
    if answer.ok:
        return isinstance(document.get("experiments"), list) or not document
    return isinstance(document.get("error_code"), str) and isinstance(document.get("message"), str)


def cut_short(answer: Exchange) -> Finding | None:
    """Return that an answer of MLflow's to a search breaks off, though its length was kept, or is no JSON inside."""
    begun = answer.text.lstrip()
    if not answer.ok or answer.json() is not None or not begun.startswith("{") or '"experiments"' not in begun[:60]:
        return None
    if answer.response_body.size > len(answer.content):
        return None
    host = urlsplit(answer.url).netloc
    if (wrong := _invalid_at(answer.text)) is not None:
        near = answer.text[max(0, wrong - 30) : wrong + 30]
        sentence = f"MLflow's answer at {host} is no JSON: at its character {wrong + 1} stands {answer.text[wrong]!r}"
        return Finding(finding.ALTERED, sentence, finding.ALTERED.remedy, (str(answer), f"around it: {near!r}"))
    if reason := _unreadable(answer.text):
        sentence = f"MLflow's answer at {host} is a document that clients cannot read: {reason}"
        return Finding(finding.ALTERED, sentence, finding.ALTERED.remedy, (str(answer),))
    sentence = f"MLflow's answer at {host} breaks off in mid-document after {answer.response_body.size} B"
    return Finding(finding.CUT_SHORT, sentence, finding.CUT_SHORT.remedy, (str(answer),))


def cut_short_packed(answer: Exchange) -> Finding | None:
    """Return that a packed answer of MLflow's to a search breaks off: what was packed begins as one, and has no end."""
    if not answer.ok or not answer.content.startswith(_GZIP) or answer.unpacked_body is not None:
        return None
    begun = b"".join(Unpacking("gzip").parts(answer.content)).lstrip()
    if not begun.startswith(b"{") or b'"experiments"' not in begun[:60]:
        return None
    sentence = (
        f"MLflow's answer at {urlsplit(answer.url).netloc} is packed by gzip, and breaks off after "
        f"{answer.response_body.size} B, before the end of what is packed in it"
    )
    return Finding(finding.CUT_SHORT, sentence, finding.CUT_SHORT.remedy, (str(answer),))


def _invalid_at(text: str) -> int | None:
    """Return where a text stops to be JSON, ``None`` if it only breaks off."""
    try:
        parsed(text)
    except json.JSONDecodeError as problem:
        left = text[problem.pos :].strip()
        broken_off = not left or "Unterminated" in problem.msg or re.fullmatch(r"[a-z]{1,4}|-", left)
        return None if broken_off else problem.pos
    except ValueError:
        return None
    return None


def _unreadable(text: str) -> str:
    """Return why a text that is written as JSON is has no value that can be held; empty if it is none or has one."""
    try:
        parsed(text)
    except json.JSONDecodeError:
        return ""
    except ValueError as problem:
        return str(problem)
    return ""


def wrapped(answer: Exchange) -> Finding | None:
    """Return that an answer of MLflow's to a search comes inside another document, as a part of it or as its text."""
    document = answer.json()
    if not answer.ok or is_mlflow(answer):
        return None
    parts = document.items() if isinstance(document, dict) else [("", document)]
    found = next((name for name, part in parts if _holds_experiments(part)), None)
    if found is None:
        return None
    where = f", under {found!r}" if found else ", as a text"
    sentence = (
        f"MLflow is reached at {urlsplit(answer.url).netloc}, and its answers come inside another document{where}: no "
        "client finds in them what it looks for"
    )
    return Finding(finding.WRAPPED, sentence, finding.WRAPPED.remedy, (str(answer), f"it begins {answer.text[:100]!r}"))


def _holds_experiments(part: Any) -> bool:
    """Return whether part of a document is MLflow's list of experiments, or a text that is."""
    if isinstance(part, str):
        try:
            part = parsed(part)
        except ValueError:
            return False
    return isinstance(part, dict) and isinstance(part.get("experiments"), list)


def packed_otherwise(answer: Exchange) -> Finding | None:
    """Return that an answer of MLflow's is packed more or fewer times than its Content-Encoding says."""
    said = sum(each.strip().lower() in _PACKERS for each in answer.header("content-encoding").split(","))
    read, times = answer, 0
    while read.content.startswith(_GZIP) and times < _MOST_PACKED:
        read, times = unpacked(replace(read, response_headers=(("Content-Encoding", "gzip"),))), times + 1
    if times == said or not is_mlflow(read):
        return None
    sentence = (
        f"MLflow's answers at {urlsplit(answer.url).netloc} come packed by gzip {times} times over, and "
        f"Content-Encoding says {said}: no client can read them"
    )
    return Finding(finding.PACKED, sentence, finding.PACKED.remedy, (str(answer),))


def packed_for_few(asking: Asking, answer: Exchange) -> Finding | None:
    """Return that answers are packed in a way that the client did not ask for, and reads only with a library for it."""
    if not answer.ok or not unknown_coding(answer):
        return None
    again = asking.ask(SEARCH, keyed=True, headers=(ACCEPTED,))
    if not (coding := unknown_coding(again)):
        return None
    sentence = (
        f"{asking.host} answers packed by {coding!r} whoever asks for {ACCEPTED[1]} alone: an MLflow client reads that "
        "only if a library for it happens to be installed, and what it is cannot be told without one"
    )
    return Finding(finding.CODING, sentence, finding.CODING.remedy, (str(answer), str(again)))


def version_of(answer: Exchange) -> str:
    """Return the version that the answer of ``/version`` names, empty if it names none."""
    text = answer.text.strip()
    return text if answer.ok and len(text) < 40 and _VERSION.fullmatch(text) else ""


def login_page(answer: Exchange) -> Finding | None:
    """Return that a sign-in page answers in the place of the API, with 200 or as a refusal."""
    if not is_sign_in_page(answer):
        return None
    host = urlsplit(answer.url).netloc
    title = title_of(answer)
    sentence = f"{host} answers every request with a sign-in page" + (f", titled {title!r}" if title else "")
    return asked_to_sign_in(answer, sentence, str(answer))


def no_mlflow(asking: Asking, answer: Exchange, product: Product) -> Finding:
    """Return what answers in MLflow's place, after a look at the neighbouring paths of the same host."""
    if answer.ok and title_of(answer) == "MLflow":
        sentence = f"MLflow's web page answers in the place of its API at {asking.url}"
        return Finding(finding.PAGE, sentence, finding.PAGE.remedy, (str(answer),))
    known = seems_to_be(answer)
    page = answer if answer.ok else asking.ask("/")
    known = known or seems_to_be(page)
    found, tried = _neighbour(asking)
    if found:
        sentence = f"no MLflow answers at {asking.url} ({answer.status}); one answers at {found}"
        return Finding(finding.PATH, sentence, f"use {found}", (str(answer),))
    if page.ok and title_of(page) == "MLflow":
        return _api_lost(asking, answer, page)
    host = page if page.ok or known else asking.ask("/", base="")
    known = known or seems_to_be(host) or _served_model(asking)
    if known or host.ok:
        told = f"it seems to be {known}" if known else described(host)
        sentence = f"{asking.url} is not an MLflow server: {told}"
        return Finding(finding.OTHER, sentence, finding.OTHER.remedy, (str(answer),))
    first = author_of(answer) or product
    if answer.status == HTTPStatus.BAD_REQUEST and first.id in _HAND_ON and host.status == answer.status:
        return _malformed_for(first, answer, host)
    return _at_no_path(asking, answer, product, tried)


def _served_model(asking: Asking) -> str:
    """Return that a model is served, if so: MLflow's scoring server tells its version, and takes inputs by POST."""
    if not version_of(asking.ask("/version", keyed=True)):
        return ""
    taken = asking.ask("/invocations", keyed=True)
    return "a model that MLflow serves (mlflow models serve)" if taken.status == HTTPStatus.METHOD_NOT_ALLOWED else ""


def _at_no_path(asking: Asking, answer: Exchange, product: Product, tried: Iterable[str]) -> Finding:
    """Return that none of the paths that were ``tried`` leads to MLflow, and whose answer it is."""
    own = author_of(answer)
    if _FLASK_404 in answer.text and asking.path and product.id not in (UNKNOWN, APPLICATION):
        sentence = (
            f"MLflow, or an application of the same framework, is reached behind {product.name}, and does not know "
            f"{asking.path}{REST}: the prefix {asking.path} arrives there too"
        )
        remedy = finding.PREFIX.remedy + ("; in nginx a slash ends proxy_pass" if product.id == "nginx" else "")
        return Finding(finding.PREFIX, sentence, remedy, (str(answer), f"none answers at {_named(tried)} either"))
    by = f", by {product.name}" if product else ""
    if own:
        by = f", by {own.name} itself"
    sentence = f"no MLflow answers at {asking.url}: {answer.status}{by}, and {described(answer)}"
    remedy = finding.PATH.remedy
    if _FLASK_404 in answer.text:
        remedy = "if MLflow was started there with --static-prefix, add that prefix to the address; else " + remedy
        if asking.path:
            remedy += (
                f"; if {asking.path} is the proxy's own, have it take that off before it passes requests on (in nginx "
                "a slash ends proxy_pass), or start MLflow with it as --static-prefix"
            )
    elif own:
        remedy += f"; if this is the path, have {own.name} pass it on to MLflow"
    return Finding(finding.PATH, sentence, remedy, (str(answer), f"none answers at {_named(tried)} either"))


def _named(paths: Iterable[str]) -> str:
    return ", ".join(path or "/" for path in paths)


def _malformed_for(product: Product, answer: Exchange, other: Exchange) -> Finding:
    """Return that a proxy takes every request for malformed: what stands before it changes or precedes them."""
    words = words_of(answer)
    said = f"; it says: {words!r}" if words else ""
    sentence = f"{product.name} takes every request for malformed, and answers 400, whatever the path is{said}"
    return Finding(finding.UNFIT, sentence, _PRECEDED, (str(answer), str(other)))


def _api_lost(asking: Asking, answer: Exchange, page: Exchange) -> Finding:
    """Return that MLflow's page is reached and its API is not: a path is changed on the way, or goes elsewhere."""
    sentence = f"MLflow's web page answers at {asking.url}, and its API is answered {answer.status}"
    if _FLASK_404 in answer.text:
        sentence += " by MLflow, which does not know the path that arrives: it is changed on the way"
    return Finding(finding.API_LOST, sentence, finding.API_LOST.remedy, (str(answer), str(page)))


def _neighbour(asking: Asking) -> tuple[str, list[str]]:
    """Return the neighbouring address at which MLflow answers, empty if none does, and the paths that were tried.

    No key is sent: it was given for another path. Where everything is refused, also what cannot be there, a refusal
    says nothing.
    """
    tried: list[str] = []
    control = asking.ask(SEARCH, base=f"/{secrets.token_hex(6)}")
    for path in _paths(asking.path):
        tried.append(path)
        answer = asking.ask(SEARCH, base=path)
        guarded = answer.status in (401, 403) and answer.status != control.status and not seems_to_be(answer)
        if (is_mlflow(answer) and (answer.ok or answer.text != control.text) and answer.status != 404) or guarded:
            return f"{asking.root}{path}", tried
        if version_of(asking.ask("/version", base=path)):
            return f"{asking.root}{path}", tried
    return "", tried


def _paths(path: str) -> Iterator[str]:
    """Yield the neighbouring paths of one, the likeliest first."""
    steps = [step for step in path.split("/") if step]
    parents = ["/" + "/".join(steps[:length]) if length else "" for length in range(len(steps) - 1, -1, -1)]
    candidates = [*parents, *_STANDARD, f"{path}/mlflow", f"{path}/api/mlflow", path.lower()]
    yield from [each for each in dict.fromkeys(candidates) if each != path][:_MOST]
