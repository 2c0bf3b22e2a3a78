"""Mutants of traffic between the parts, by a grammar: link, method, route family, effect, condition."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
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
from registry_conformance.proof.mutants.families import (
    BIG,
    BIG_REQUEST,
    FAILED,
    FOUR_AT_ONCE,
    HUNDREDTH,
    KEYS,
    LONG_ANSWER,
    LONG_REQUEST,
    SECOND,
    families,
    header_tokens,
)
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
        "parts": ("POST", "PUT", "DELETE"),
        "bulk-delete": ("POST",),
        "list": ("GET",),
        "object": ("PUT", "GET", "HEAD"),
    }
)
"""Family -> the methods of its requests that there are: MLflow asks S3 for no list of parts, and deletes in bulk."""
_NOT_ASKED = {("auth", "health")}
"""Links and families without requests: health needs no key, so that the auth service is not asked."""
_BODIES = ("POST", "PUT", "PATCH")
_STATUSES = (201, 204, 302, 404, 429, 500, 503)
_TWO_DIGITS = r"(?<![\w.-])([0-9])[0-9](?![\w.-])"
"""A number of two digits that stands by itself, in JSON as a number or as a text."""
_FILES = ("artifact-file", "get-artifact", "object")
"""The families of files."""
_IDENTITY = ("x-hokusai-user-id", "x-hokusai-api-key-id")
_API = ("proxy", "mlflow", "server")
"""The links on which MLflow's API is spoken."""
_ASKED_WITH_A_QUERY: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        **dict.fromkeys(("artifact-list", "get-artifact", "aliases", "models", "versions"), ("GET",)),
        **dict.fromkeys(("experiments", "runs", "metrics"), ("GET",)),
        **dict.fromkeys(("parts", "bulk-delete", "list"), ("POST", "PUT", "GET", "DELETE")),
    }
)
"""Family -> the methods of its requests that have a query: others say all in path and body."""
_LONG_REQUESTS = {("PUT", "artifact-file"), ("PUT", "object"), ("PUT", "parts"), ("POST", "runs")}
"""Requests whose body may be long: files, and batches of a run's values. MLflow limits all other texts."""
_LONG_ANSWERS = {
    *(("GET", family) for family in ("artifact-file", "get-artifact", "object", "list", "artifact-list", "metrics")),
    *(("GET", family) for family in ("models", "versions", "runs")),
    *(("POST", family) for family in ("experiments", "runs")),
}
"""Requests whose answer may be long: files, and lists."""
_EMPTY_ANSWERS = {
    *(("POST", "aliases"), ("DELETE", "aliases"), ("DELETE", "models"), ("DELETE", "versions")),
    ("DELETE", "artifact-file"),
}
"""Requests that MLflow answers with ``{}``: no number stands there, and nothing is cut from it."""
_NO_BODIES = {("PUT", "object"), ("PUT", "parts"), ("DELETE", "parts")}
"""Requests that S3 answers with headers alone: nothing can happen to a body."""
_FAILING = "answers that fail become 200"
_PACKED = "the answer claims to be packed"
_OF_ANSWERED_BODIES = (
    _PACKED,
    "the answer's first byte is another",
    "the answer's body is lost",
    "the answer's body is cut to 7 bytes",
    "numbers of two digits in the answer lose one",
)
_AGAIN_IS_THE_SAME = ("GET", "HEAD", "PUT", "PATCH")
"""Methods that are idempotent, with a second answer as the first (RFC 9110, 9.2.2); MLflow's PATCH sets texts."""

Sentence = tuple[str, When, tuple[Act, ...]]
"""What becomes of an exchange in words, a further condition, and the acts."""
ANY = When()


def _sentences(link: str, family: str, method: str) -> Iterator[Sentence]:
    """Yield every effect on an exchange, severe ones first.

    Left out is what nobody can tell: S3 clients take every status below 300 for a success; what is sent twice has the
    same effect if it is idempotent or, to the auth service, a question; and who cannot stop half-way through a body
    can tell by time alone that requests go one at a time. No number of two digits stands in what the key service is
    asked and answers, nor a byte above 127. MLflow reads no header that names who asks: that the proxy tells it is seen
    before this link. S3 clients know by what they asked for in which form it comes, and the auth service
    reads the key service's answer as JSON, whatever it is called. Nothing is unpacked where there is
    no body.
    """
    yield from _grave(link, method)
    yield from _about_heads(link, family, method)
    if link != "auth":
        yield from _about_bodies(family, method)
    for status in _STATUSES:
        if link != "store" or status >= 300 or (status == 204 and method in ("GET", "POST")):
            yield f"the answer's status is {status}", ANY, (SetStatus(status),)
    if method not in _AGAIN_IS_THE_SAME and link != "auth":
        yield "the request is sent twice", ANY, (Twice(),)
    if method in _BODIES and link in _API:
        yield "requests go one at a time", ANY, (OneAtATime(),)
    yield "the request is refused with a page", ANY, (Answer(403, "<html>no</html>", "text/html"),)


def _grave(link: str, method: str) -> Iterator[Sentence]:
    """Yield intermittent effects, as load, caches and connections cause them."""
    yield "the answer is a 503", ANY, (Answer(503, "busy", "text/plain"),)
    yield "nobody answers: the connection ends", ANY, (Break(0),)
    yield _FAILING, When(status="[45].."), (SetStatus(200),)
    if method in ("GET", "HEAD", "POST"):
        yield "the first answer is given again", ANY, (Remember(),)
    if link != "auth":
        if method in _BODIES:
            yield "the request's first byte is another", ANY, (FlipByte(0),)
            yield "the request's body is lost", ANY, (CutBody(0),)
        if method != "HEAD":
            yield "the answer's first byte is another", ANY, (FlipByte(0, ANSWER),)


def _about_heads(link: str, family: str, method: str) -> Iterator[Sentence]:
    """Yield headers and queries that are lost, of those that a client of the link sends."""
    lost = ["host"]
    lost += ["x-request-id"] if link in (*_API, "auth") else []
    lost += ["authorization"] if link in ("proxy", "auth", "keys") else []
    lost += ["content-type", "content-length"] if method in _BODIES and link != "auth" else []
    lost += ["range"] if method == "GET" and family in _FILES else []
    for name in lost:
        yield f"the request loses its {name}", ANY, (SetHeader(name, None),)
    if method in _ASKED_WITH_A_QUERY.get(family, ()) and link != "auth":  # which judges by method and path
        yield "the request's query is lost", ANY, (Rewrite(r"\?.*$", ""),)
    yield "a slash is added to the request's path", ANY, (Rewrite(r"^([^?]*)", r"\1/"),)
    gone = [*_IDENTITY, "www-authenticate"] if link == "auth" else ["content-type"] * (link not in ("store", "keys"))
    gone += ["content-length"] if method != "HEAD" and link != "auth" else []
    gone += ["x-request-id"] if link == "proxy" else []
    gone += ["content-disposition"] if family in ("artifact-file", "get-artifact") and method == "GET" else []
    gone += ["etag"] if family in ("get-artifact", "object") and method in ("GET", "HEAD") else []
    for name in gone:
        yield f"the answer loses its {name}", ANY, (SetHeader(name, None, ANSWER),)
    if link not in ("auth", "store", "keys"):
        yield "the answer's content-type is text/html", ANY, (SetHeader("content-type", "text/html", ANSWER),)
    if link != "auth":
        yield _PACKED, ANY, (SetHeader("content-encoding", "gzip", ANSWER),)


def _about_bodies(family: str, method: str) -> Iterator[Sentence]:
    if (method, family) in _LONG_REQUESTS:
        yield "byte 70,000 of the request is another", ANY, (FlipByte(70_000),)
    if (method, family) in _LONG_ANSWERS:
        yield "byte 70,000 of the answer is another", ANY, (FlipByte(70_000, ANSWER),)
    if method == "PUT" and family in _FILES:  # between the tokens of JSON a line end is white space
        yield "line ends of the request become those of Windows", ANY, (EditBody("\n", "\r\n", REQUEST),)
    if method in _BODIES:
        yield "the request's content-type is text/plain", ANY, (SetHeader("content-type", "text/plain"),)
        yield "the request's body is cut to 7 bytes", ANY, (CutBody(7),)
    if method in _BODIES and family not in KEYS:
        yield "bytes above 127 of the request are question marks", ANY, (EditBody(r"[\x80-\xff]", "?", REQUEST),)
        yield "numbers of two digits in the request lose one", ANY, (EditBody(_TWO_DIGITS, r"\1", REQUEST),)
    if method != "HEAD":
        yield "the answer's body is lost", ANY, (CutBody(0, ANSWER),)
    if method != "HEAD" and (method, family) not in _EMPTY_ANSWERS:
        if family not in KEYS:
            yield "numbers of two digits in the answer lose one", ANY, (EditBody(_TWO_DIGITS, r"\1", ANSWER),)
        yield "the answer's body is cut to 7 bytes", ANY, (CutBody(7, ANSWER),)
    if method != "HEAD":
        yield "the answer breaks off after 5 bytes", ANY, (Break(5, ANSWER),)


_TIMES: Mapping[str, tuple[When, str]] = MappingProxyType(
    {
        "always": (When(), ""),
        "each third time": (When(every=3), ""),
        "from the second request of a connection on": (When(place=2), SECOND),
        "from the hundredth request of a connection on": (When(place=100), HUNDREDTH),
        "if four are under way": (When(at_once=4), FOUR_AT_ONCE),
        "the first time only": (When(times=1), ""),
        "if its body is larger than 1 MiB": (When(at_least=BIG + 1), BIG_REQUEST),
    }
)
"""When -> the condition, and what is said of an exchange that meets it, if that is no matter of counting."""


def mutants() -> Iterator[Mutant]:
    """Yield every sentence of the grammar, in its order."""
    for link, layer in LAYERS.items():
        for family in families(link):
            for method in () if (link, family) in _NOT_ASKED else _METHODS.get(family, ()):
                grave = [what for what, _, _ in _grave(link, method)]
                for what, further, acts in _sentences(link, family, method):
                    for times, (when, said) in _TIMES.items():
                        if times != "always" and what not in grave:
                            continue
                        if _shows_nothing(link, method, family, what, when, acts):
                            continue
                        path = _bounded(family, link)
                        condition = replace(when, methods=(method,), path=path, status=further.status)
                        change = on(link, condition, *acts)
                        # What the auth service believes already would hide what the key service says.
                        change = anew(change) if link == "keys" else change
                        place, touches = f"traffic to {link}: {method} {family}", _touched(link, method, family, what)
                        touches |= {f"{link} {method} {family}, {said}"} if said else frozenset()
                        yield Mutant(layer, "traffic", place, f"{what}, {times}", change, touches, once=when.times == 1)


def _shows_nothing(link: str, method: str, family: str, what: str, when: When, acts: Iterable[Act]) -> bool:
    """Return whether nobody can tell an effect at such times from none."""
    return (
        # What is given again once has not been heard before.
        (when.times == 1 and any(isinstance(act, Remember) for act in acts))
        or ((method, family) in _NO_BODIES and what in _OF_ANSWERED_BODIES)
        or (link == "store" and method == "HEAD" and what == _PACKED)
        # S3 keeps no type of a part.
        or (link == "store" and family == "parts" and method == "PUT" and "content-type" in what)
        # But for objects that are not there S3 refuses what a rule of a check refuses, one at a time.
        or (link == "store" and family != "object" and what == _FAILING and when.at_once + when.place > 0)
        # How often MLflow takes one connection to S3 is in nobody's hands.
        or (when.place == 100 and link == "store")
        or (when.at_least > 0 and (method, family) not in _LONG_REQUESTS - {("POST", "runs")})
    )


def _touched(link: str, method: str, family: str, what: str) -> frozenset[str]:
    """Return the tokens of the exchanges that an effect is about."""
    exchange = f"{link} {method} {family}"
    said = {
        _FAILING: FAILED,
        "byte 70,000 of the request is another": LONG_REQUEST,
        "byte 70,000 of the answer is another": LONG_ANSWER,
    }
    lost = header_tokens(what) if " loses its " in what else frozenset()
    return lost | {exchange, *([f"{exchange}, {said[what]}"] if what in said else [])}


def _bounded(family: str, link: str) -> str:
    """Return the regex of a family without matches of earlier families: the first match counts."""
    known = families(link)
    earlier = list(known)[: list(known).index(family)]
    others = "|".join(known[name] for name in earlier)
    return f"^(?!.*(?:{others})).*(?:{known[family]})" if earlier else known[family]
