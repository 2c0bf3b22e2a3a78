"""Words that are there are used: of the product that answers a failed step, of MLflow, of the client's exception."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from botocore.exceptions import ClientError

from registry_conformance.judge.clients.bucket import BucketError, _as_bucket_error
from registry_conformance.judge.diagnosis.client_words import CLIENT_KINDS, client_words, older_server
from registry_conformance.judge.diagnosis.diagnosis import conclude
from registry_conformance.judge.diagnosis.facts import Facts
from registry_conformance.judge.diagnosis.named import UNKNOWN, Named
from registry_conformance.judge.diagnosis.preflight.server_words import SERVER_KINDS
from registry_conformance.judge.diagnosis.probes.routes import FAMILIES
from registry_conformance.judge.diagnosis.summarize import summarize
from registry_conformance.judge.evidence.exchange import Body, Exchange
from registry_conformance.judge.evidence.responder import who_answered

NGINX = "<html><head><title>{0}</title></head><center><h1>{0}</h1></center><hr><center>nginx/1.22.1</center></html>"
LIST_OF_A_KEY = "Failed to list artifacts in s3://models/reg: The specified key does not exist."
REBINDING = "Invalid Host header - possible DNS rebinding attack detected"
GUNICORN = (
    "<html>\n  <head>\n    <title>Internal Server Error</title>\n  </head>\n  <body>\n    "
    "<h1><p>Internal Server Error</p></h1>\n    \n  </body>\n</html>\n"
)
FLASK = "<!doctype html>\n<html lang=en>\n<title>405 Method Not Allowed</title>"


def answered(status: int, kind: str, text: str, **headers: str) -> Facts:
    """Return what is seen if the upload is answered so, and all else is well."""
    given = (("Content-Type", kind), *((name.replace("_", "-"), value) for name, value in headers.items()))
    answer = Exchange("PUT", "http://host/a", "main", status, (), response_headers=given,
                      response_body=Body(len(text), "", text.encode()))  # fmt: skip
    facts = Facts()
    facts.record("doors.search.P", "all 200 json", "a search", "all 200 json")
    form = {"text/html": "html", "text/plain": "text"}.get(kind, "json") + (" flask" if text == FLASK else "")
    code = " INTERNAL_ERROR" if '"INTERNAL_ERROR"' in text else ""
    facts.record("put.P", f"{status} {form}{code}", "an upload", "200 empty", (answer.evidence(),))
    return facts


def failed(message: str) -> Facts:
    """Return what is seen if MLflow fails at the upload with such a message."""
    return answered(500, "application/json", json.dumps({"error_code": "INTERNAL_ERROR", "message": message}))


def said(status: int, message: str) -> Facts:
    """Return what is seen if MLflow answers the upload with such a message, as it passes on what its database says."""
    return answered(status, "application/json", json.dumps({"error_code": "BAD_REQUEST", "message": message}))


def first(facts: Facts, **more: Any) -> Named:
    """Return what is named first, where no cause of the table is asked."""
    return conclude(facts, (), (), known={}, **more).causes[0]


@pytest.mark.parametrize(
    ("facts", "kind", "layer", "told"),
    [
        (answered(405, "text/html", NGINX.format("405 Not Allowed")), "step-answered-before-mlflow", "proxy", "nginx"),
        (answered(502, "text/html", NGINX.format("502 Bad Gateway")), "step-gets-no-answer", "proxy", "usable answer"),
        (answered(500, "text/html", GUNICORN), "worker-ended", "mlflow", "its worker failed"),
        (answered(502, "text/html", "<title>Bad Gateway</title>"), "step-gets-no-answer", "proxy", "usable answer"),
        (answered(503, "text/html", NGINX.format("503 Service Temporarily")), "step-limited", "proxy", "limit_req"),
        (answered(504, "text/plain", "trying to proxy"), "step-gets-no-answer", "proxy", "no answer in time"),
        (answered(504, "application/json", '{"message": "timed out"}'), "step-gets-no-answer", "proxy", "timed out"),
        (answered(429, "text/html", "<title>Slow down</title>"), "throttled", "proxy", "Slow down"),
        (answered(403, "text/html", "<title>CSRF failed</title>"), "step-answered-before-mlflow", "proxy", "CSRF"),
        (answered(403, "text/html", "Incapsula incident ID: 1"), "firewall-refuses", "proxy", "refuses the upload"),
        (answered(411, "text/html", "<title>411</title>"), "request-refused", "proxy", "told a length"),
        (answered(301, "text/html", "", Location="https://host/a"), "step-redirected", "proxy", "https://host/a"),
        (answered(302, "text/html", "", Location="https://sso.host/login"), "login-page", "auth", "sign-in page"),
        (answered(403, "text/plain", REBINDING), "host-name-changed", "proxy", "another Host header than host reaches"),
        (answered(403, "text/plain", "Cross-origin request blocked"), "origin-refused", "mlflow", "Origin"),
        (
            failed("is not authorized to perform: kms:Decrypt on the resource"),
            "store-key-denied",
            "iam",
            "KMS key of its bucket",
        ),
        (
            failed("s3:PutObject on resource: arn because no VPC endpoint policy allows the s3:PutObject action"),
            "store-policy-denies",
            "iam",
            "a policy other than that of MLflow's role",
        ),
        (
            failed("Unable to locate credentials"),
            "mlflow-without-store-credentials",
            "iam",
            "MLflow has no credentials",
        ),
        (
            failed("[Errno 28] No space left"),
            "disk-full",
            "mlflow",
            "No space left",
        ),
        (failed("[Errno 13] denied: '/etc/key'"), "mlflow-may-not-write", "mlflow", "may not read or write a file"),
        (
            answered(403, "application/json", '{"error_code": "PERMISSION_DENIED", "message": "read-only access"}'),
            "step-refused",
            "",
            "read-only access",
        ),
        (
            answered(403, "application/json", '{"error": "insufficient_scope", "scope": "models:write"}'),
            "key-lacks-right",
            "auth",
            "for a right that the key lacks",
        ),
        (answered(401, "application/json", '{"detail": "token expired"}'), "key-refused", "auth", "has expired by now"),
        (answered(401, "application/json", '{"detail": "token unknown"}'), "step-refused", "auth", "token unknown"),
        (answered(403, "application/json", '{"error": "no rule for /x"}'), "route-without-rule", "auth", "no rule for"),
        (answered(403, "text/html", "<title>Sign In</title><svg>"), "login-page", "auth", "sign-in page"),
        (answered(200, "text/html", "<title>Log in to Argo</title>"), "login-page", "auth", "sign-in page"),
        (said(400, "(psycopg2.errors.InsufficientPrivilege) x"), "database-denies", "database", "lacks a right"),
        (said(503, "(pymysql.err.X) (1290, 'the --read-only option')"), "database-read-only", "database", "no writes"),
        (said(400, "(pymysql.err.X) (1366, 'Incorrect string value')"), "database-characters", "database", "1366"),
        (said(503, "(psycopg2.errors.X) canceled due to lock timeout"), "database-locked", "database", "lock"),
        (said(503, "(pymysql.err.X) (1862, 'Your password has expired')"), "database-login", "database", "1862"),
        (said(400, "Invalid model version source: 's3://b/x'."), "model-sources-refused", "mlflow", "does not allow"),
        (said(400, "Invalid model version source: '/x'. To use a local path as"), "step-refused", "", "local path"),
        (said(400, "X already exists. (sqlite3.IntegrityError) UNIQUE constraint failed"), "step-refused", "", "X"),
        (failed("(psycopg2.errors.UniqueViolation) duplicate key value violates"), "step-fails", "mlflow", "duplicate"),
        (failed("(sqlite3.IntegrityError) FOREIGN KEY constraint failed"), "database-fails", "database", "FOREIGN"),
        (failed("(psycopg2.X) FATAL: no pg_hba.conf entry"), "database-refuses-connections", "database", "admits"),
        (said(400, "(psycopg2.errors.InsufficientPrivilege) new row violates row-level security policy"),
         "database-row-security", "database", "row-level"),
        (said(400, "(pymysql.err.X) (1406, 'Data too long')"), "database-column-too-short", "database", "1406"),
        (failed("(psycopg2.X) FATAL: too many clients"), "database-connections", "database", "no more"),
        (failed("(psycopg2.X) password authentication failed"), "database-login", "database", "user or password"),
        (failed("(sqlite3.OperationalError) no such column: x"), "database-schema", "database", "lacks a table"),
        (said(503, "(sqlite3.OperationalError) database is locked"), "database-locked", "database", "holds a lock"),
        (failed("(pymysql.err.X) (1205, 'Lock wait timeout exceeded')"), "database-locked", "database", "holds a lock"),
        (failed("(psycopg2.errors.X) deadlock detected"), "database-locked", "database", "holds a lock"),
        (said(404, LIST_OF_A_KEY), "store-endpoint-names-bucket", "store", "a name of an object"),
        (said(400, "password authentication failed"), "step-refused", "", "password authentication failed"),
        (answered(415, "application/json", '{"error_code": "X", "message": "large"}'), "request-refused", "", "large"),
        (answered(413, "text/html", NGINX.format("413 Too Large")), "request-refused", "proxy", "nginx refuses"),
        (answered(200, "text/html", "<title>App</title>"), "step-answered-before-mlflow", "proxy", "with 200"),
        (answered(405, "text/html", FLASK), UNKNOWN, "", "no known cause fits"),
        (answered(404, "text/plain", "gone"), UNKNOWN, "proxy", "no known cause fits"),
    ],
)  # fmt: skip
def test_the_answer_to_the_first_failed_step_is_told_in_its_words(
    facts: Facts, kind: str, layer: str, told: str
) -> None:
    """Who answers a step that fails, in which words, is told if no cause fits; a layer only if these show it."""
    named = first(facts)
    assert (named.id, named.layer) == (kind, layer)
    assert told in named.sentence


def put(status: int, size: int, seconds: float, started: float, text: str = "") -> tuple[Any]:
    """Return the evidence of an upload of so many bytes that was answered after so many seconds."""
    answer = Exchange("PUT", f"http://host/{size}", "main", status, (), Body(size, "", b""),
                      (("Content-Type", "text/plain"),), Body(len(text), "", text.encode()),
                      seconds=seconds, started=started)  # fmt: skip
    return (answer.evidence(),)


@pytest.mark.parametrize(
    ("text", "front", "again", "told", "setting"),
    [
        (
            "upstream request timeout",
            "",
            4.1,
            "with 504 after 4 s, each of 2 times: it gets no answer in time",
            "the route",
        ),
        ("late", "haproxy", 4.1, "uploads pass at about 1.0 MiB/s", "timeout serv"),
        ("late", "", 4.1, "at which 5.0 MiB take 5 s; MLflow or its store is slow", "longer for MLflow, for"),
        ("late", "unknown", 9.0, "with 504 after 4 to 9 s: it gets no", "longer for MLflow, for"),
        ("late", "", 0.0, "with 504: it gets no answer in time", "read MLflow's log"),
    ],
    ids=["the page's author", "who answers in front", "nobody known", "times that differ", "no wait"],
)
def test_a_proxy_that_gave_up_is_told_with_the_time_that_it_waited(
    text: str, front: str, again: float, told: str, setting: str
) -> None:
    """Kind: a proxy's own time-out ends what is slow. The remedy names what sets that time, of a product seen."""
    facts = Facts()
    facts.record("first.product.P", front, "what answers")
    facts.record("size.1m.P", "200 empty", "1 MiB", "200 .*", put(200, 1 << 20, 1.0, 1.0))
    back = Exchange("GET", "http://host/1m", "main", 200, started=2.0, seconds=0.01)
    facts.record("size.1m.get.P", "200 whole", "1 MiB back", "200 whole", (back.evidence(),))
    facts.record("size.5m.P", "504 text", "5 MiB", "200 .*", put(504, 5 << 20, 4.0, 3.0, text))
    facts.record("name.gz.P", "504 text", "a small one", "200 .*", put(504, 9, again, 9.0, text))
    named = first(facts)

    assert (named.id, named.layer) == ("step-gets-no-answer", "proxy")
    assert told in named.sentence
    assert setting in named.remedy


@pytest.mark.parametrize(
    ("seconds", "served", "layer"), [(20.0, True, "mlflow"), (20.0, False, "proxy"), (2.0, True, "proxy")]
)
def test_a_request_of_some_bytes_that_alone_gets_no_answer_is_mlflow_s(
    seconds: float, *, served: bool, layer: str
) -> None:
    """Kind: a lock in the database. A proxy that gives up after any answer would have come is not at fault."""
    facts = Facts()
    facts.record("meta.run.P", "200 json" if served else "504 text", "a run", "200 .*")
    asked = Exchange(
        "POST", "http://host/api/2.0/mlflow/registered-models/create", "main", 504, (), Body(9, "", b""),
        (("Content-Type", "text/html"),), Body(9, "", NGINX.format("504 Gateway Time-out").encode()),
        seconds=seconds, started=1.0)  # fmt: skip
    facts.record("meta.model.P", "504 html nginx", "a model", "200 .*", (asked.evidence(),))
    named = first(facts)

    assert named.layer == layer
    assert f"with 504 after {seconds:.0f}" in named.sentence


@pytest.mark.parametrize(
    ("status", "said", "more", "advice"),
    [
        (403, "<title>403 Forbidden</title>", {"put.P": "200 empty", "ladder.put.P": "64k 403 html"}, "of any size"),
        (403, "<title>403 Forbidden</title>", {"put.P": "200 empty", "ladder.put.P": "64k 413 html"}, "whatever its"),
        (403, "<title>'_xsrf' argument missing</title>", {}, "cross-site"),
        (403, "RBAC: access denied", {}, "AuthorizationPolicy"),
    ],
)
def test_a_refusal_that_shows_its_rule_has_advice_for_that_rule(
    status: int, said: str, more: dict[str, str], advice: str
) -> None:
    """Kind: something before MLflow has a rule. What it says, and what passes, shows by what the rule goes."""
    facts = Facts()
    for name, value in more.items():
        facts.record(name, value, name, "200 .*")
    answer = Exchange("PUT", "http://host/1", "main", status, (), response_headers=(("Content-Type", "text/html"),),
                      response_body=Body(len(said), "", said.encode()))  # fmt: skip
    facts.record("size.64k.P", f"{status} html", "64 KiB", "200 .*", (answer.evidence(),))
    assert advice in first(facts).remedy


@pytest.mark.parametrize(
    ("statuses", "layer"),
    [
        ((200, 200, *[502] * 8, 200), "mlflow"),
        ((200, *[502, 200] * 6), "proxy"),
        ((*[502] * 8, 200), "proxy"),
        ((200, *[502] * 8), "proxy"),
    ],
    ids=["in a row", "by turns", "before it was there", "to the end"],
)
def test_a_server_that_is_gone_for_a_while_is_told(statuses: tuple[int, ...], layer: str) -> None:
    """Kind: MLflow ends, and is started anew. The proxy reaches nobody for a while, whatever is asked."""
    facts = Facts()
    page = NGINX.format("502 Bad Gateway").encode()
    asked = []
    for number, status in enumerate(statuses):
        form, body = ("application/json", b"{}") if status == 200 else ("text/html", page)
        url = f"http://host/api/2.0/mlflow/{number % 4}"
        answer = Exchange(
            "POST", url, "main", status, (), Body(9, "", b""), (("Content-Type", form),), Body(len(body), "", body),
            seconds=0.1, started=1.0 + number,
        )  # fmt: skip
        asked.append(answer.evidence())
    facts.record("meta.model.P", "502 html nginx", "a model", "200 .*", tuple(asked))
    assert first(facts).layer == layer


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        (
            "MlflowException: Active workspace 'x' cannot be used: the remote server does not support workspaces.",
            "client-workspace",
        ),
        ("ModuleNotFoundError: No module named 'requests_auth_aws_sigv4'", "client-sigv4"),
        ("botocore.exceptions.NoCredentialsError: Unable to locate credentials", "artifacts-past-mlflow"),
        ("ModuleNotFoundError: No module named 'google.cloud'", "artifacts-past-mlflow"),
        (
            "ConnectionError: HTTPConnectionPool(host='dead.example', port=80): NameResolutionError: no such name",
            "artifacts-at-another-host",
        ),
        ("ConnectionError: HTTPConnectionPool(host='dead.example', port=80): Max retries exceeded: 500", ""),
        (
            "SSLError: HTTPSConnectionPool(host='dead.example', port=443): Max retries: certificate verify failed",
            "client-distrusts-certificate",
        ),
        (
            "HTTPSConnectionPool(host='dead.example', port=443): ProxyError(NewConnectionError('refused'))",
            "client-forward-proxy",
        ),
        ("PermissionError: [Errno 13] Permission denied: '/mlflow'", ""),
        ("ModuleNotFoundError: No module named 'pyarrow'", ""),
        ("RestException: /api/2.0/mlflow/logged-models failed with 404", ""),
        ("API request to /api/2.0/mlflow/logged-models failed: ENDPOINT_NOT_FOUND: no such", ""),
        ("/data/1: a place on this machine's own disk, where nothing of the target belongs", "artifacts-on-a-disk"),
        ("SSLError: certificate verify failed: self-signed certificate", "client-distrusts-certificate"),
        ("ProxyError('Unable to connect to proxy', OSError('Tunnel connection failed: 403'))", "client-forward-proxy"),
        ("RestException: 404 not found", ""),
        ("ConnectionError: HTTPConnectionPool(host='door.example', port=80): Max retries exceeded", ""),
        ("HTTPConnectionPool(host='door.example', port=80): NewConnectionError: refused", ""),
        ("HTTPConnectionPool(host='door.example', port=9): NewConnectionError: refused", "artifacts-at-another-host"),
    ],
)
def test_the_exception_of_the_client_names_the_cause(said: str, kind: str) -> None:
    """What the MLflow client says itself is told with its remedy, and nothing is read into other words."""
    found = client_words([said], {"http://door.example/api/mlflow"})
    assert (found.kind.id if found else "") == kind
    if found is not None:
        assert said[:40] in found.observations[0]
        assert first(answered(404, "text/plain", "x"), told=found).id == kind


@pytest.mark.parametrize(
    ("label", "status", "body", "value"),
    [
        ("text/html", 200, b'{"experiments": []}', "200 json"),
        ("text/xml", 404, b'{"error_code": "RESOURCE_DOES_NOT_EXIST"}', "404 json RESOURCE_DOES_NOT_EXIST"),
        ("text/html", 200, b"", "200 empty"),
        ("text/html", 200, b"<title>App</title>", "200 html"),
        ("text/html", 404, b'{"detail": "gone"}', "404 html detail"),
    ],
)
def test_a_document_is_one_whatever_its_label_says(label: str, status: int, body: bytes, value: str) -> None:
    """Kind: a gateway that passes bodies on and not their type. The MLflow client reads the document, not its label."""
    headers = (("Content-Type", label),)
    assert summarize(Exchange("GET", "/", "main", status, response_headers=headers,
                              response_body=Body(len(body), "", body))) == value  # fmt: skip


@pytest.mark.parametrize(
    ("text", "who"),
    [
        (FLASK, "MLflow knows the path but not the method"),
        ('<!DOCTYPE HTML PUBLIC "-//IETF//DTD HTML 2.0//EN">\n<title>405 Method Not Allowed</title>', "a web page"),
    ],
)
def test_a_page_is_mlflow_s_only_in_the_form_of_its_framework(text: str, who: str) -> None:
    """Another server refuses a method with a page as well, and is not taken for MLflow."""
    assert who_answered(405, (("Content-Type", "text/html"),), text).startswith(who)


@pytest.mark.parametrize(
    ("name", "value", "normal", "named", "layer"),
    [
        ("key.bad.P", "200 json", "401 .*", "any-key-let-in", "auth"),
        ("open.main.P", "put:200 get:200 list:200", "none", "artifacts-open-to-strangers", "auth"),
        ("open.main.P", "write:400 patch:404", "none", "routes-open-to-strangers", "auth"),
        ("open.main.P", "rest:200 put:200 list:200", "none", UNKNOWN, "auth"),
        ("open.main.P", "page:200 version:200", "none", UNKNOWN, "auth"),
        ("again.met.P", "96 of 360: 401", "none", "key-known-now-and-then", "auth"),
        ("again.met.P", "9 of 360: 401 403", "none", "fails-now-and-then", ""),
        ("again.met.P", "9 of 360: 404, before MLflow", "none", "one-of-several-proxies-differs", "proxy"),
        ("again.met.P", "9 of 360: 404, files alone", "none", "files-of-each-replica", "mlflow"),
        ("put.P", "403 xml s3:AccessDenied", "200 .*", "artifacts-led-to-the-store", "proxy"),
        ("version.turns.P", "2.22.5 3.17.2", r"\S+", "replicas-of-different-versions", "mlflow"),
        ("repeat.search.P", "all 403", "all 200", "barred-after-many-requests", "proxy"),
        ("repeat.search.P", "200 200 403 403", "all 200", "barred-after-many-requests", "proxy"),
        ("repeat.search.P", "200 403 200 403", "all 200", UNKNOWN, ""),
        ("repeat.search.P", "all 401", "all 200", "key-runs-out", "auth"),
        ("follow.P", "name", "200 .*", "presigned-urls-lead-nowhere", "mlflow"),
        ("follow.P", "tls", "200 .*", "presigned-urls-not-trusted", "network"),
        ("list.P", "200 empty", "200 json", "artifacts-answered-with-nothing", "proxy"),
    ],
)
def test_what_one_fact_says_is_named(name: str, value: str, normal: str, named: str, layer: str) -> None:
    """Who is let in without a valid key, and what stops a client, is named by what was seen alone."""
    facts = Facts()
    facts.record("doors.search.P", "all 200 json", "a search", "all 200 json")
    facts.unseen("first.product.P", "what answers does not say which product it is")
    facts.record(name, value, "as it is answered", normal)
    assert (first(facts).id, first(facts).layer) == (named, layer)


@pytest.mark.parametrize(
    ("fact", "value", "beside", "seen"),
    [
        ("follow.P", "name", "follow.O", "200"),
        ("repeat.search.P", "all 403", "again.met.P", "9 of 90: 403"),
        ("key.bad.P", "200 json", "key.none.P", "200 json"),
        ("register.known.P", "200 json empty", "list.P", "200 json empty"),
        ("register.lookup.P", "404 html flask code-lost", "doors.search.P", "all 404 html"),
    ],
)
def test_one_fact_says_nothing_of_its_own_beside_another(fact: str, value: str, beside: str, seen: str) -> None:
    """Kind: a comparison goes before a single fact. What MLflow itself answers, or other requests, decides then."""
    facts = Facts()
    facts.record(fact, value, "as it is answered", "none")
    alone = first(facts)
    facts.record(beside, seen, "as it is answered", ".*")
    assert alone.id != UNKNOWN
    assert first(facts).id != alone.id


@pytest.mark.parametrize(
    ("product", "routes", "layer"),
    [("application", True, "auth"), ("envoy", True, "proxy"), ("envoy", False, ""), ("application", False, "auth")],
)
def test_who_lets_strangers_in_is_told_by_who_stands_there(product: str, routes: bool, layer: str) -> None:
    """An application checks keys itself; a proxy has a list of routes, and may remember what others were answered."""
    facts = Facts()
    facts.record("first.product.P", product, "who answers")
    name, value = ("open.main.P", "put:200") if routes else ("key.bad.P", "200 json")
    facts.record(name, value, "as it is answered", "none")
    assert first(facts).layer == layer


@pytest.mark.parametrize(
    ("value", "named", "layer"),
    [
        ("222 of 505: reset, a large part", "one-of-several-is-down", "proxy"),
        ("222 of 505: 429, a large part", "busy-now-and-then", ""),
        ("9 of 505: reset", "busy-now-and-then", ""),
    ],
)
def test_a_large_part_that_fails_is_told_as_a_server_that_is_down(value: str, named: str, layer: str) -> None:
    """Where each second connection is closed, one of two servers is down: that is no passing moment."""
    facts = Facts()
    facts.record("again.bridged.P", value, "intermittent", ".*")
    assert (first(facts).id, first(facts).layer) == (named, layer)


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("AuthorizationHeaderMalformed", "AWS_DEFAULT_REGION"),
        ("RequestTimeTooSkewed", "NTP"),
        ("KMS", "kms:Decrypt"),
        ("XMinioStorageFull", "free space"),
        ("QuotaExceeded", "quota"),
        ("SlowDownWrite", "disks"),
        ("OddCode", "OddCode"),
    ],
)
def test_a_code_of_the_store_is_told_with_what_mends_it(code: str, told: str) -> None:
    """What the store says in a word is told in a sentence where it is known, and looked up where it is not."""
    facts = Facts()
    facts.record("list.P", f"500 json INTERNAL_ERROR s3:{code}", "a listing", "200 json")
    assert (first(facts).id, told in first(facts).remedy) == ("store-refuses", True)


@pytest.mark.parametrize(("small", "told"), [("200 empty", True), ("500 html nginx", False)])
def test_failure_of_nginx_that_depends_on_the_size_is_told_so(small: str, *, told: bool) -> None:
    """Where small uploads pass, a page of 500 is no matter of leave or of loops."""
    facts = answered(500, "text/html", NGINX.format("500 Internal Server Error"))
    item = facts["put.P"].evidence
    facts.record("put.P", small, "an upload", "200 empty", item)
    facts.record("ladder.put.P", "64k 500 html nginx", "uploads by size", "all", item)

    assert ("small uploads pass" in first(facts).sentence) is told
    assert ("client_body_temp_path" in first(facts).remedy) is told


@pytest.mark.parametrize(
    ("steady", "named"), [("404 json RESOURCE_DOES_NOT_EXIST", "step-unread"), ("each time", "step-refused")]
)
def test_what_was_made_and_is_not_found_is_told(steady: str, named: str) -> None:
    """A thing that is not found is told as such where no read finds what was just made."""
    facts = answered(404, "application/json", '{"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "No Run"}')
    facts.record("meta.steady.P", steady, "of 12 reads at once 0 found it", "each time")
    assert first(facts).id == named


@pytest.mark.parametrize(
    ("post", "origin", "layer"),
    [("all timeout", "", "proxy"), ("all 200 json", "", ""), ("all timeout", "timeout", "")],
)
def test_bodies_that_get_no_answer_are_told_before_a_store(post: str, origin: str, layer: str) -> None:
    """Where a search with a body hangs like an upload, and one without does not, the bodies are told."""
    facts = Facts()
    facts.record("doors.search.P", "all 200 json", "a search", "all 200 json")
    facts.record("route.rest-post.P", post, "a search by POST", "all 200 json")
    facts.record("put.P", "timeout", "an upload", "200 empty")
    if origin:
        facts.record("route.rest-post.O", origin, "a search by POST, straight to MLflow", "200 json")
    named = first(facts)

    assert ("requests with a body" in named.sentence) is bool(layer)
    assert named.layer == layer or not layer


@pytest.mark.parametrize(
    ("value", "told"),
    [("all 403 html nginx", True), ("all 404 json RESOURCE_DOES_NOT_EXIST", False), ("all 405 html", False)],
)
def test_methods_that_are_refused_alike_are_told_together(value: str, *, told: bool) -> None:
    """A firewall that lets GET and POST pass alone is told as that, and not as a matter of the upload."""
    facts = answered(403, "text/html", NGINX.format("403 Forbidden"))
    for family in ("rest-patch", "rest-delete"):
        facts.record(f"route.{family}.P", value, "as it is answered", ".*")
    assert ("PATCH and DELETE are answered so too" in first(facts).sentence) is told
    assert ("PATCH" in first(facts).remedy) is told


@pytest.mark.parametrize(
    ("seconds", "told"),
    [((5.02, 5.04), True), ((5.02, 9.0), False), ((0.3, 0.31), False), ((5.02,), False)],
)
def test_uploads_that_end_after_the_same_time_met_a_limit(seconds: tuple[float, ...], *, told: bool) -> None:
    """What fails each time after the same long time was ended by a limit, and says nothing of the store's rights."""
    facts = Facts()
    facts.record("meta.create.P", "200 json", "an experiment", "200 json")
    facts.record("list.P", "200 json", "a listing", "200 json")
    for name, took in zip(("put.P", "text.P"), seconds, strict=False):
        failing = Exchange("PUT", "http://host/a", "main", 500, seconds=took)
        facts.record(name, "500 text", "an upload", "200 empty", (failing.evidence(),))
    assert ("after the same time" in first(facts).sentence) is told


def test_a_key_that_a_download_needs_is_no_right_to_the_object() -> None:
    """S3 calls it AccessDenied too where the KMS key is what MLflow's role may not use; its words tell them apart."""
    said = "An error occurred (AccessDenied) when calling the GetObject operation: {} is not authorized to perform: {}"
    values = []
    for right in ("kms:Decrypt", "s3:GetObject"):
        text = json.dumps({"error_code": "INTERNAL_ERROR", "message": said.format("role", right)}).encode()
        body, headers = Body(len(text), "", text), (("Content-Type", "application/json"),)
        values.append(summarize(Exchange("GET", "/", "main", 500, response_headers=headers, response_body=body)))
    assert values == ["500 json INTERNAL_ERROR s3:KMS", "500 json INTERNAL_ERROR s3:AccessDenied"]


@pytest.mark.parametrize(
    ("path", "status", "named"),
    [("/a", 503, "database-locked"), ("/b", 503, UNKNOWN), ("/a", 200, UNKNOWN), ("/a", None, UNKNOWN)],
)
def test_a_step_without_an_answer_is_told_by_its_answer_at_another_time(
    path: str, status: int | None, named: str
) -> None:
    """A client that waits less than a server does not hear why; the same request, asked again, may be told."""
    text = json.dumps({"error_code": "TEMPORARILY_UNAVAILABLE", "message": "(sqlite3.X) database is locked"}).encode()
    silence = Exchange("PUT", "http://host/a", "main", None, error="timeout: nothing came")
    headers = (("Content-Type", "application/json"),)
    later = Exchange(
        "PUT", f"http://host{path}", "main", status, response_headers=headers, response_body=Body(len(text), "", text)
    )
    facts = Facts()
    facts.record("put.P", "timeout", "an upload", "200 empty", (silence.evidence(),))
    facts.record("model.put.P", "503 json", "an upload", "200 empty", (later.evidence(),))

    assert first(facts).id == named


def test_what_else_fails_is_told_if_each_step_works() -> None:
    """A request that a registration needs, and that is none of its steps, is told with its method and path."""
    upload = answered(403, "text/html", NGINX.format("403 Forbidden"))["put.P"]
    facts = Facts()
    facts.record("route.rest-patch.P", "all 403 html nginx", "PATCH", "all 200.*", upload.evidence)
    named = first(facts)
    assert named.id == "step-answered-before-mlflow"
    assert "nginx itself answers PUT /a with 403" in named.sentence


@pytest.mark.parametrize(
    ("version", "said", "told"),
    [
        ("2.12.2", "API request to endpoint /api/2.0/mlflow/logged-models failed with error code 404", True),
        ("2.12.2", "API request to endpoint /api/2.0/mlflow/runs/create failed with error code 404", False),
        ("3.1.0", "API request to endpoint /api/2.0/mlflow/logged-models failed with error code 404", False),
        ("", "API request to endpoint /api/2.0/mlflow/logged-models failed with error code 404", False),
    ],
)
def test_a_server_older_than_its_client_is_told_by_both_of_them(version: str, said: str, *, told: bool) -> None:
    """A client of MLflow 3 that stopped at a logged model tells it, with a server that says that it is older."""
    facts = facts_of_version(version)
    found = older_server(facts, [said])
    assert (found is not None) is told
    if found is not None:
        assert found.kind.id == "server-lacks-logged-models"
        assert "this server is MLflow 2.12.2, as it says itself" in found.sentence


def facts_of_version(version: str) -> Facts:
    """Return facts of a server that says which version it is, if any."""
    facts = Facts()
    if version:
        facts.record("first.version.P", version, f"the server says that it is MLflow {version}")
    return facts


@pytest.mark.parametrize(("value", "absent"), [("500 json INTERNAL_ERROR", True), ("500 html nginx", False)])
def test_a_file_that_is_absent_is_told_in_a_document(value: str, *, absent: bool) -> None:
    """A failure in the form of a document may be a file that is not there; a page is somebody else's failure."""
    family = next(each for each in FAMILIES if each.name == "download")
    assert (re.fullmatch(family.absent, value) is not None) is absent


def test_a_refusal_of_the_bucket_without_a_code_is_told() -> None:
    """A store that names no code, as one whose answer has no body, is told with what was asked."""
    with pytest.raises(BucketError, match="answers HeadObject with no code"), _as_bucket_error():
        raise ClientError({}, "HeadObject")


def test_kinds_of_words_have_ids_of_their_own() -> None:
    """Every kind is told apart by its id, has a layer and a remedy."""
    kinds = (*CLIENT_KINDS, *SERVER_KINDS)
    assert len({kind.id for kind in kinds}) == len(kinds)
    assert all(kind.layer and kind.remedy and kind.title for kind in kinds)


@pytest.mark.parametrize(("method", "told"), [("GET", "2 of 3 requests, with a body or without"), ("POST", "")])
def test_failure_of_nginx_without_a_body_is_no_matter_of_sizes(method: str, told: str) -> None:
    """What fails at times, whatever is asked, is told as that: how many of how many."""
    facts = answered(500, "text/html", NGINX.format("500 Internal Server Error"))
    failed = facts["put.P"].evidence[0]
    assert failed["kind"] == "exchange"
    other = {**failed, "method": method, "url": "http://host/b", "started": 3.0}
    passed = {**failed, "status": 200, "url": "http://host/c", "started": 1.0}
    facts.record("put.P", "200 empty", "an upload", "200 empty", (passed,))  # type: ignore[arg-type] # one more key
    facts.record("ladder.put.P", "64k 500 html nginx", "uploads by size", "all", ({**failed, "started": 2.0},))
    facts.record("head.query.P", "500 html nginx", "a query", "200 json", (other,))  # type: ignore[arg-type] # as above

    assert ("small uploads pass" in first(facts).sentence) is not bool(told)
    assert told in first(facts).sentence


def test_small_uploads_do_not_pass_where_some_failed() -> None:
    """A page of 500 at one small upload of several says nothing of sizes."""
    facts = answered(500, "text/html", NGINX.format("500 Internal Server Error"))
    item = facts["put.P"].evidence
    facts.record("put.P", "200 empty", "an upload", "200 empty")
    facts.record("ladder.put.P", "64k 500 html nginx", "uploads by size", "all", item)
    facts.record("repeat.put.P", "200 500 200", "one upload, six times", "all 200")

    assert "small uploads pass" not in first(facts).sentence


@pytest.mark.parametrize(("small", "told"), [("all 200", "small uploads pass"), ("all 500", "takes no more files")])
def test_uploads_that_fail_after_some_are_no_matter_of_sizes(small: str, told: str) -> None:
    """Where small uploads fail as well after the first, room or the number of files is used up."""
    facts = Facts()
    facts.record("meta.create.P", "200 json", "an experiment", "200 json")
    facts.record("put.P", "200 empty", "an upload", "200 empty")
    facts.record("ladder.put.P", "64k 500 text", "uploads by size", "all")
    facts.record("repeat.put.P", small, "one upload, six times", "all 200")
    facts.record("size.64k.P", "500 text", "an upload of one size", "200 empty")

    assert told in first(facts).sentence


@pytest.mark.parametrize(("product", "told"), [("apache", "RequestReadTimeout"), ("unknown", "the body of a request,")])
def test_requests_that_came_too_slowly_are_told_with_the_time(product: str, told: str) -> None:
    """A 408 after the same time each is a limit of time: how long, and what sets it where the product was seen."""
    facts = answered(408, "text/html", "<title>408 Request Timeout</title>")
    failed = facts["put.P"].evidence[0]
    assert failed["kind"] == "exchange"
    late = [{**failed, "started": moment, "seconds": 5.01} for moment in (1.0, 9.0)]
    facts.record("first.product.P", product, "who answers")
    facts.record("put.P", "408 html", "an upload", "200 empty", tuple(late))  # type: ignore[arg-type] # some more keys

    named = first(facts)
    assert "with 408 after 5 s, each of 2 times" in named.sentence
    assert told in named.remedy
