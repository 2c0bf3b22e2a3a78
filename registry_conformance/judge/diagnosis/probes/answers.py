"""The form of answers: errors in MLflow's JSON, request ids, headers, what is given away, what browsers are told."""

from __future__ import annotations

import re

from registry_conformance.judge.clients.mlflow_http import ARTIFACTS, REST
from registry_conformance.judge.diagnosis.answer_judges import Judge, fine
from registry_conformance.judge.diagnosis.probe_context import ProbeContext
from registry_conformance.judge.diagnosis.probes.artifacts import FILES
from registry_conformance.judge.diagnosis.probes.kept import mixed_up
from registry_conformance.judge.diagnosis.probes.reachability import ONE, SEARCH
from registry_conformance.judge.diagnosis.summarize import summarize
from registry_conformance.judge.evidence.exchange import Exchange

_ADDRESS = re.compile(r"\b[a-z][a-z0-9+.-]*://|\b\d{1,3}(?:\.\d{1,3}){3}:\d+", re.IGNORECASE)
_TRACE = re.compile(r"Traceback|File \\?\"")
_INNER = re.compile(r"\b[a-z][a-z0-9.-]*:\d{2,5}\b|\b\d{1,3}(?:\.\d{1,3}){3}\b", re.IGNORECASE)
_PUBLIC = frozenset({"date", "location", "last-modified", "expires", "etag", "x-request-id", "content-security-policy"})
BY_NAME = f"{REST}/experiments/get-by-name"
FORM = "json [A-Z_]+( .*)?"


def _errors(exchange: Exchange) -> str:
    """Add ``names-address``, ``header-names-address``, ``trace`` and ``no-id`` to an error that has these flaws."""
    flaws = " names-address" if _ADDRESS.search(exchange.text) else ""
    flaws += " trace" if _TRACE.search(exchange.text) else ""
    inner = [value for name, value in exchange.response_headers if name.lower() not in _PUBLIC]
    flaws += " header-names-address" if _INNER.search(" ".join(inner)) else ""
    return summarize(exchange) + flaws + ("" if exchange.request_id else " no-id")


def errors(context: ProbeContext) -> None:
    """Provoke each class of error, with a key and without."""
    asker, nobody, folder = context.at("P"), context.stranger(), context.folder
    for aspect, words, method, path, normal, request in (
        ("absent", "an experiment that is not there", "GET", f"{REST}/experiments/get", f"404 {FORM}",
         {"query": {"experiment_id": "987654321"}}),
        ("bad", "a document without its field", "POST", f"{REST}/experiments/create", f"400 {FORM}", {"json": {}}),
        ("no-type", "a document in another media type", "POST", f"{REST}/experiments/create", f"(400|415) {FORM}",
         {"body": b"{}", "headers": [("Content-Type", "text/plain")]}),
        ("no-path", "a path that nobody serves", "GET", "/api/2.0/mlflow/no/such", f"404 {FORM}", {}),
        ("no-door", "a path outside of all routes", "GET", "/no-such-thing", f"404 {FORM}", {}),
        ("no-method", "a method that a route lacks", "POST", f"{FILES}/{folder}/x", f"405 {FORM}", {}),
        ("no-file", "an upload without a file name", "PUT", f"{FILES}/{folder}/", f"400 {FORM}", {"body": b"x"}),
        ("no-object", "a download of what is not there", "GET", f"{FILES}/{folder}/none",
         f"(404|500) {FORM}", {}),
        ("no-presign", "a presigned download of what is not there", "GET", f"{ARTIFACTS}/presigned/{folder}/none",
         f"404 {FORM}", {}),
        ("no-upload", "the joining of an upload that is not there", "POST", f"{ARTIFACTS}/mpu/complete/{folder}",
         f"(400|404|50[03]) {FORM}", {"json": {"path": "x", "upload_id": "none", "parts": []}}),
    ):  # fmt: skip
        asker.ask(
            f"error.{aspect}",
            words,
            method,
            path,
            normal=f"(?!.*(-address|no-id|trace)){normal}",
            judge=_errors,
            **request,
        )
    path = f"{REST}/experiments/search"
    nobody.ask("error.no-key", "no key", "GET", path, normal=f"(?!.*(-address|no-id|trace))401 {FORM}", judge=_errors)


def _naming(name: str) -> Judge:
    return lambda answer: summarize(answer) + (" named" if name in answer.text else "")


def headers(context: ProbeContext) -> None:
    """Look at the headers of answers, and send some that must come back or must not matter."""
    asker = context.at("P")
    own = f"{context.name}-id"
    before = asker.send("GET", SEARCH, query=ONE).request_id
    asker.ask(
        "head.id", "the id of an answer, after another", "GET", SEARCH, query=ONE, normal="an id",
        judge=lambda answer: _id_after(answer.request_id, before),
    )  # fmt: skip
    asker.ask(
        "head.own-id", "an id that the client made", "GET", SEARCH, query=ONE, headers=[("X-Request-Id", own)],
        normal="kept", judge=lambda answer: _kept(answer.request_id, own),
    )  # fmt: skip
    key = context.key
    asker.ask(
        "head.echo", "the headers of an answer, searched for the key", "GET", SEARCH, query=ONE, normal="no key",
        judge=lambda answer: "the key" if key and key in str(answer.response_headers) else "no key",
    )  # fmt: skip
    asker.ask(
        "head.software", "what an answer says of the software", "GET", SEARCH, query=ONE, normal="nothing",
        judge=lambda answer: answer.header("server") or answer.header("x-powered-by") or "nothing",
    )  # fmt: skip
    asker.ask(
        "head.sniff", "X-Content-Type-Options and X-Frame-Options of the page", "GET", "/", normal="both",
        judge=lambda answer: _both(answer, "x-content-type-options", "x-frame-options"),
    )  # fmt: skip
    file = f"{FILES}/{context.folder}/head/a.json"
    asker.send("PUT", file, body=b'{"a": 1}' * 50)
    asker.ask(
        "head.download", "the headers of a download", "GET", file, normal="attachment (text/plain|application/json)",
        judge=lambda answer: f"{answer.header('content-disposition').partition(';')[0] or 'none'} {answer.content_type}"
        if answer.ok else summarize(answer),
    )  # fmt: skip
    asker.ask(
        "head.coding", "a download by a client that takes gzip", "GET", file, headers=[("Accept-Encoding", "gzip")],
        normal="plain 400",
        judge=lambda answer: f"{answer.header('content-encoding') or 'plain'} {answer.response_body.size}",
    )  # fmt: skip
    asker.ask(
        "head.range", "a part of a download", "GET", file, headers=[("Range", "bytes=0-3")], normal="(200|206) .*"
    )
    asker.ask(
        "head.size", "the length of an artifact by HEAD", "HEAD", file, normal="400 B",
        judge=lambda answer: f"{answer.header('content-length') or 'no'} B" if answer.ok else summarize(answer),
    )  # fmt: skip
    page = "/static-files/favicon.ico"
    mark = asker.send("GET", page).header("etag")
    if mark:
        asker.ask("head.unchanged", "a file that did not change", "GET", page, headers=[("If-None-Match", mark)],
                  normal="304 .*")  # fmt: skip
    asker.ask("head.long", "a request with 12 KiB of headers", "GET", SEARCH, query=ONE,
              headers=[("X-Long", "a" * 12_000)], normal="200 json")  # fmt: skip
    answers = {}
    for aspect, words, name in (
        ("query", "a query of 2 KiB", "n" * 2000),
        ("long-query", "a query of 6 KiB", "n" * 6000),
    ):
        answers[name] = asker.ask(
            f"head.{aspect}", words, "GET", BY_NAME, query={"experiment_name": name},
            normal="404 json RESOURCE_DOES_NOT_EXIST",
        )  # fmt: skip
    for aspect, words, name, query in (
        ("slash-query", "a query with escaped slashes", "a/b c+d", "a%2Fb%20c%2Bd"),
        ("and-query", "a query with an escaped &", "a&b=c", "a%26b%3Dc"),
    ):
        answers[name] = asker.ask(
            f"head.{aspect}", words, "GET", BY_NAME, query=f"experiment_name={query}",
            normal="404 json RESOURCE_DOES_NOT_EXIST named", judge=_naming(name),
        )  # fmt: skip
    mixed_up(asker, answers)
    elsewhere = [("X-Original-URL", "/version")]
    asker.ask("head.other-path", "a search with a header that names another path", "GET", SEARCH, query=ONE,
              headers=elsewhere, normal="200 json",
              judge=fine(lambda said: not said or "experiments" in said))  # fmt: skip
    # MLflow's basic-auth knows no rule for HEAD, and refuses it to whoever is no administrator.
    refused = "|403 .*" if context.hashes_passwords else ""
    asker.ask("head.method", "a HEAD request", "HEAD", SEARCH, query=ONE, normal=f"(200|400) .*{refused}")
    asker.ask("head.agent", "a request as the MLflow client names itself", "GET", SEARCH, query=ONE,
              headers=[("User-Agent", "mlflow-python-client/3.17.2")], normal="200 json")  # fmt: skip
    asker.ask("head.length", "the length that a document announces", "GET", SEARCH, query=ONE, normal="right",
              judge=lambda answer: (
                  "right" if answer.ok and answer.json() is not None else summarize(answer)
              ))  # fmt: skip


def _id_after(own: str, before: str) -> str:
    if not own:
        return "no id"
    return "one for all" if own == before else "an id"


def _kept(returned: str, own: str) -> str:
    if returned == own:
        return "kept"
    return "other" if returned else "none"


def _both(answer: Exchange, *names: str) -> str:
    there = [name for name in names if answer.header(name)]
    return "both" if len(there) == len(names) else ", ".join(there) or "none"


NEAR, FAR = ("Origin", "http://localhost:3000"), ("Origin", "http://elsewhere.test")
ASKING = ("Access-Control-Request-Method", "POST")


def browser(context: ProbeContext) -> None:
    """Ask as browsers do: preflights, and changes that come from a page."""
    nobody, asker = context.at("P", None), context.at("P")

    def allowed(answer: Exchange) -> str:
        return f"{summarize(answer)} {'allowed' if answer.header('access-control-allow-origin') else 'not allowed'}"

    nobody.ask("browser.preflight", "a preflight from an allowed page", "OPTIONS", SEARCH, headers=[NEAR, ASKING],
               normal="20[04] .* allowed", judge=allowed)  # fmt: skip
    nobody.ask("browser.foreign-preflight", "a preflight from a foreign page", "OPTIONS", SEARCH, headers=[FAR, ASKING],
               normal=".* not allowed", judge=allowed)  # fmt: skip
    asker.ask("browser.any", "a read that a foreign page sends", "GET", SEARCH, query=ONE, headers=[FAR], normal="none",
              judge=lambda answer: answer.header("access-control-allow-origin") or "none")  # fmt: skip
    for aspect, words, header, normal in (
        ("near", "a change that an allowed page sends", NEAR, "400 json .*"),
        ("foreign", "a change that a foreign page sends", FAR, "403 json .*"),
    ):
        asker.ask(f"browser.{aspect}", words, "POST", f"{REST}/registered-models/create", json={}, headers=[header],
                  normal=normal)  # fmt: skip
