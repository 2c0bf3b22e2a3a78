"""Mutants of traffic between the parts, by a grammar: link, method, route family, effect, condition."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType

from registry_conformance.lab.disturbance import (
    ANSWER,
    REQUEST,
    Act,
    Answer,
    Break,
    CutBody,
    EditBody,
    FlipByte,
    OneAtATime,
    Remember,
    Rewrite,
    SetHeader,
    SetStatus,
    Twice,
    When,
)
from registry_conformance.lab.faults.change import anew, on
from registry_conformance.proof.mutants.families import families
from registry_conformance.proof.mutants.mutant import Mutant

LAYERS: Mapping[str, str] = MappingProxyType(
    {"proxy": "proxy", "auth": "proxy", "keys": "auth", "mlflow": "proxy", "server": "mlflow", "store": "store"}
)
"""Link -> the layer in which it is mended that what passes there arrives as something else."""
_METHODS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "upload-parts": ("POST",),
        "artifact-list": ("GET",),
        "artifact-file": ("PUT", "GET", "DELETE"),
        "get-artifact": ("GET",),
        "aliases": ("POST", "GET", "DELETE"),
        "models": ("POST", "GET", "PATCH", "DELETE"),
        "versions": ("POST", "GET", "PATCH", "DELETE"),
        "experiments": ("POST", "GET"),
        "runs": ("POST", "GET"),
        "metrics": ("GET",),
        "logged-models": ("POST", "GET"),
        "graphql": ("POST",),
        "health": ("GET",),
        "validate": ("POST",),
        "parts": ("POST", "PUT", "GET", "DELETE"),
        "bulk-delete": ("POST",),
        "list": ("GET",),
        "object": ("PUT", "GET", "HEAD", "DELETE"),
    }
)
"""Family -> the methods of its requests."""
_BODIES = ("POST", "PUT", "PATCH")
_STATUSES = (201, 204, 302, 404, 429, 500, 503)
_TWO_DIGITS = r"(?<![\w.-])([0-9])[0-9](?![\w.-])"
"""A number of two digits that stands by itself, in JSON as a number or as a text."""
_FILES = ("artifact-file", "get-artifact", "object")
"""The families of files."""
_IDENTITY = ("x-hokusai-user-id", "x-hokusai-api-key-id")

Sentence = tuple[str, When, tuple[Act, ...]]
"""What becomes of an exchange in words, a further condition, and the acts."""
ANY = When()


def _sentences(link: str, family: str, method: str) -> Iterator[Sentence]:
    """Yield every effect on an exchange, severe ones first."""
    yield from _grave(link, method)
    yield from _about_heads(link, family, method)
    if link != "auth":
        yield from _about_bodies(method)
    for status in _STATUSES:
        yield f"the answer's status is {status}", ANY, (SetStatus(status),)
    yield "the request is sent twice", ANY, (Twice(),)
    yield "requests go one at a time", ANY, (OneAtATime(),)
    yield "the request is refused with a page", ANY, (Answer(403, "<html>no</html>", "text/html"),)


def _grave(link: str, method: str) -> Iterator[Sentence]:
    """Yield intermittent effects, as load, caches and connections cause them."""
    yield "the answer is a 503", ANY, (Answer(503, "busy", "text/plain"),)
    yield "nobody answers: the connection ends", ANY, (Break(0),)
    yield "answers that fail become 200", When(status="[45].."), (SetStatus(200),)
    if method in ("GET", "HEAD", "POST"):
        yield "the first answer is given again", ANY, (Remember(),)
    if link != "auth":
        if method in _BODIES:
            yield "the request's first byte is another", ANY, (FlipByte(0),)
            yield "the request's body is lost", ANY, (CutBody(0),)
        if method != "HEAD":
            yield "the answer's first byte is another", ANY, (FlipByte(0, ANSWER),)


def _about_heads(link: str, family: str, method: str) -> Iterator[Sentence]:
    lost = ["x-request-id", "host"]
    lost += ["authorization"] if link in ("proxy", "auth", "keys") else []
    lost += ["content-type", "content-length"] if method in _BODIES and link != "auth" else []
    lost += ["range"] if method == "GET" and family in _FILES else []
    lost += list(_IDENTITY) if link in ("mlflow", "server") else []
    for name in lost:
        yield f"the request loses its {name}", ANY, (SetHeader(name, None),)
    yield "the request's query is lost", ANY, (Rewrite(r"\?.*$", ""),)
    yield "a slash is added to the request's path", ANY, (Rewrite(r"^([^?]*)", r"\1/"),)
    gone = ["content-type"] if link != "auth" else [*_IDENTITY, "www-authenticate"]
    gone += ["content-length"] if method != "HEAD" and link != "auth" else []
    gone += ["x-request-id"] if link == "proxy" else []
    gone += ["content-disposition", "etag"] if family in _FILES and method != "PUT" else []
    for name in gone:
        yield f"the answer loses its {name}", ANY, (SetHeader(name, None, ANSWER),)
    if link != "auth":
        yield "the answer's content-type is text/html", ANY, (SetHeader("content-type", "text/html", ANSWER),)
        yield "the answer claims to be packed", ANY, (SetHeader("content-encoding", "gzip", ANSWER),)


def _about_bodies(method: str) -> Iterator[Sentence]:
    if method in _BODIES:
        yield "the request's content-type is text/plain", ANY, (SetHeader("content-type", "text/plain"),)
        yield "the request's body is cut to 7 bytes", ANY, (CutBody(7),)
        yield "byte 70,000 of the request is another", ANY, (FlipByte(70_000),)
        yield "bytes above 127 of the request are question marks", ANY, (EditBody(r"[\x80-\xff]", "?", REQUEST),)
        yield "numbers of two digits in the request lose one", ANY, (EditBody(_TWO_DIGITS, r"\1", REQUEST),)
        yield "line ends of the request become those of Windows", ANY, (EditBody("\n", "\r\n", REQUEST),)
    if method != "HEAD":
        yield "the answer's body is lost", ANY, (CutBody(0, ANSWER),)
        yield "numbers of two digits in the answer lose one", ANY, (EditBody(_TWO_DIGITS, r"\1", ANSWER),)
        yield "the answer's body is cut to 7 bytes", ANY, (CutBody(7, ANSWER),)
        yield "byte 70,000 of the answer is another", ANY, (FlipByte(70_000, ANSWER),)
        yield "the answer breaks off after 5 bytes", ANY, (Break(5, ANSWER),)


_TIMES: Mapping[str, When] = MappingProxyType(
    {
        "always": When(),
        "each third time": When(every=3),
        "from the second request of a connection on": When(place=2),
        "from the hundredth request of a connection on": When(place=100),
        "if four are under way": When(at_once=4),
        "the first time only": When(times=1),
        "if its body is larger than 1 MiB": When(at_least=(1 << 20) + 1),
    }
)
"""When -> the condition."""
_ALWAYS = ("always", _TIMES["always"])


def mutants() -> Iterator[Mutant]:
    """Yield every sentence of the grammar, in its order."""
    for link, layer in LAYERS.items():
        for family in families(link):
            for method in _METHODS.get(family, ()):
                place, touches = f"traffic to {link}: {method} {family}", frozenset({f"{link} {method} {family}"})
                grave = [what for what, _, _ in _grave(link, method)]
                for what, further, acts in _sentences(link, family, method):
                    for times, when in _TIMES.items() if what in grave else [_ALWAYS]:
                        if when.at_least and (method not in _BODIES or link in ("auth", "keys")):
                            continue
                        path = _bounded(family, link)
                        condition = replace(when, methods=(method,), path=path, status=further.status)
                        change = on(link, condition, *acts)
                        # What the auth service believes already would hide what the key service says.
                        change = anew(change) if link == "keys" else change
                        yield Mutant(layer, "traffic", place, f"{what}, {times}", change, touches)


def _bounded(family: str, link: str) -> str:
    """Return the regex of a family without matches of earlier families: the first match counts."""
    known = families(link)
    earlier = list(known)[: list(known).index(family)]
    others = "|".join(known[name] for name in earlier)
    return f"^(?!.*(?:{others})).*(?:{known[family]})" if earlier else known[family]
