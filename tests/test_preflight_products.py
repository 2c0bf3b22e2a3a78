"""What each product says in its own words ends the matter with the right kind, said by whom, and claims no more."""

from __future__ import annotations

import gzip
import itertools
import json
from typing import Any

import pytest

from registry_conformance.judge.diagnosis import diagnose
from registry_conformance.judge.diagnosis.budget import Budget
from registry_conformance.judge.diagnosis.preflight import KINDS
from registry_conformance.judge.diagnosis.preflight.finding import OPERATORS
from registry_conformance.judge.diagnosis.preflight.recognition import packed_otherwise
from registry_conformance.judge.diagnosis.preflight.redirects import redirected
from registry_conformance.judge.diagnosis.preflight.unfit import form_refused
from registry_conformance.judge.evidence.exchange import NO_BODY, Body, Exchange
from registry_conformance.judge.target.policy import GUARDED
from registry_conformance.judge.target.target import Door, Target
from tests.web_answers import EXPERIMENTS, Answer, always, looked_at, site


def nginx(title: str, more: str = "") -> str:
    """Return an error page of nginx."""
    return (
        f"<html><head><title>{title}</title></head><center><h1>x</h1></center>{more}<hr><center>nginx</center></html>"
    )


KONG = {"Server": "kong/3.4.0"}
GATEWAY = {"x-amz-apigw-id": "1"}
CLOUDFLARE = {"Server": "cloudflare", "CF-RAY": "1"}
ALB = {"Server": "awselb/2.0"}
SQUID = {"Server": "squid/5.7"}
S3_PAGE = "<?xml version='1.0'?><Error><Code>NoSuchKey</Code></Error>"
AKAMAI = "<TITLE>{0}</TITLE><H1>{0}</H1>Reference&#32;&#35;18&#46;2d351ab8&#46;1557333295"
F5 = "The requested URL was rejected. Please consult with your administrator."
OPENSHIFT = "<h1>x</h1>The application is currently not serving requests at this endpoint"
GUNICORN = (
    "<html><head><title>Request Header Fields Too Large</title></head><body><h1><p>Request Header Fields Too Large</p>"
    "</h1>Error parsing headers: &#x27;limit request headers fields size&#x27;</body></html>"
)
CASES: tuple[tuple[str, Answer, str, str], ...] = (
    ("gateway-refuses", Answer(403, {"message": "Forbidden"}, GATEWAY), "everybody-refused", "AWS API Gateway"),
    (
        "gateway-without-route",
        Answer(403, {"message": "Missing Authentication Token"}, GATEWAY),
        "no-mlflow-at-this-path",
        "has no route for this path and method, or the route requires IAM signatures",
    ),
    (
        "gateway-refuses-a-key",
        Answer(401, {"message": "Unauthorized"}, {**GATEWAY, "x-amzn-ErrorType": "UnauthorizedException"}),
        "key-refused",
        "by AWS API Gateway",
    ),
    (
        "gateway-fails",
        Answer(500, {"message": "Internal server error"}, GATEWAY),
        "everything-fails",
        "or its upstream",
    ),
    (
        "gateway-waits",
        Answer(504, {"message": "Endpoint request timed out"}, GATEWAY),
        "nothing-behind-the-proxy",
        "gets no answer in time",
    ),
    (
        "kong-without-route",
        Answer(404, {"message": "no Route matched with those values"}, KONG),
        "no-mlflow-at-this-path",
        "by Kong itself",
    ),
    (
        "kong-looks-elsewhere",
        Answer(401, {"message": "No API key found in request"}, KONG),
        "key-does-not-arrive",
        "Kong looks for one elsewhere",
    ),
    ("kong-limits", Answer(429, {"message": "API rate limit exceeded"}, KONG), "throttled", "by Kong"),
    (
        "kong-without-peer",
        Answer(503, {"message": "failure to get a peer from the ring-balancer"}, KONG),
        "nothing-behind-the-proxy",
        "Kong answers 503",
    ),
    ("go-404", Answer(404, "404 page not found\n"), "no-mlflow-at-this-path", "404 page not found"),
    ("traefik-503", Answer(503, "no available server\n"), "nothing-behind-the-proxy", "Traefik answers 503"),
    ("cloudflare-521", Answer(521, "error code: 521", CLOUDFLARE), "nothing-behind-the-proxy", "does not reach"),
    ("cloudflare-524", Answer(524, "error code: 524", CLOUDFLARE), "nothing-behind-the-proxy", "no answer in time"),
    ("cloudflare-530", Answer(530, "error code: 1016", CLOUDFLARE), "nothing-behind-the-proxy", "does not find"),
    (
        "cloudflare-challenges",
        Answer(403, "<title>Just a moment...</title>", {**CLOUDFLARE, "cf-mitigated": "challenge"}),
        "firewall-refuses",
        "Cloudflare's firewall",
    ),
    ("s3-website", Answer(404, S3_PAGE, {"Server": "AmazonS3"}), "not-mlflow", "Amazon S3"),
    ("alb-403", Answer(403, "<title>403 Forbidden</title>", ALB), "everybody-refused", "an AWS load balancer refuses"),
    (
        "alb-503",
        Answer(503, "<title>503 Service Temporarily Unavailable</title>", ALB),
        "nothing-behind-the-proxy",
        "503",
    ),
    (
        "google-502",
        Answer(502, "<title>502 Server Error</title><h1>Error: Server Error</h1>"),
        "nothing-behind-the-proxy",
        "a Google load balancer",
    ),
    (
        "azure-502",
        Answer(502, "<center>Microsoft-Azure-Application-Gateway/v2</center>"),
        "nothing-behind-the-proxy",
        "Azure Application Gateway",
    ),
    (
        "azure-subscription",
        Answer(401, {"message": "missing subscription key"}, {"WWW-Authenticate": "AzureApiManagementKey realm=x"}),
        "key-refused",
        "requires the scheme AzureApiManagementKey",
    ),
    (
        "f5",
        Answer(200, f"<title>Request Rejected</title>{F5}"),
        "firewall-refuses",
        "F5's firewall",
    ),
    ("imperva", Answer(403, "<html>Incapsula incident ID: 1-2</html>"), "firewall-refuses", "Imperva's firewall"),
    ("imperva-passes-on", Answer(403, {"detail": "no"}, {"X-Iinfo": "1"}), "everybody-refused", "everybody alike"),
    ("akamai-refuses", Answer(403, AKAMAI.format("Access Denied")), "firewall-refuses", "Akamai's firewall"),
    ("akamai-fails", Answer(503, AKAMAI.format("Service Unavailable")), "unavailable", "503"),
    (
        "azure-refuses",
        Answer(403, "<h1>403 Forbidden</h1><center>Microsoft-Azure-Application-Gateway/v2</center>"),
        "firewall-refuses",
        "Azure's firewall",
    ),
    (
        "cloud-run-passes-on",
        Answer(500, {"detail": "x"}, {"Server": "Google Frontend"}),
        "everything-fails",
        "or its upstream",
    ),
    ("zscaler", Answer(403, "<title>Zscaler</title>"), "web-filter-refuses", "filter on the way out"),
    (
        "squid-refuses",
        Answer(403, "<title>ERROR</title>", {**SQUID, "X-Squid-Error": "ERR_ACCESS_DENIED 0"}),
        "web-filter-refuses",
        "ERR_ACCESS_DENIED",
    ),
    (
        "squid-without-name",
        Answer(503, "<title>ERROR</title>", {**SQUID, "X-Squid-Error": "ERR_DNS_FAIL 0"}),
        "forward-proxy-refuses",
        "ERR_DNS_FAIL",
    ),
    ("network-511", Answer(511, "<title>Sign in</title>"), "network-wants-sign-in", "a sign-in page"),
    (
        "network-redirects",
        Answer(302, "", {"Location": "http://wifi.hotel.example/?orig=x"}),
        "network-wants-sign-in",
        "wifi.hotel.example",
    ),
    ("nginx-403", Answer(403, nginx("403 Forbidden")), "everybody-refused", "nginx refuses everybody alike"),
    ("nginx-411", Answer(411, nginx("411 Length Required")), "request-refused", "wants to be told a length"),
    ("nginx-414", Answer(414, nginx("414 Request-URI Too Large")), "request-refused", "address is too long"),
    ("nginx-426", Answer(426, nginx("426 Upgrade Required")), "request-refused", "HTTP/1.1"),
    (
        "nginx-431",
        Answer(431, nginx("431 Request Header Fields Too Large")),
        "request-refused",
        "headers are too large",
    ),
    ("gunicorn-431", Answer(431, GUNICORN, {"Server": "nginx"}), "request-refused", "gunicorn refuses even a small"),
    (
        "nginx-headers",
        Answer(400, nginx("400 Request Header Or Cookie Too Large")),
        "request-refused",
        "headers are too",
    ),
    (
        "nginx-certificate",
        Answer(400, nginx("400 No required SSL certificate was sent")),
        "client-certificate-wanted",
        "nginx wants a client certificate",
    ),
    (
        "nginx-other-certificate",
        Answer(400, nginx("400 The SSL certificate error")),
        "client-certificate-wanted",
        "nginx does not accept the client certificate that it was given",
    ),
    ("nginx-503", Answer(503, nginx("503 Service Temporarily Unavailable")), "unavailable", "by nginx"),
    ("nginx-504", Answer(504, nginx("504 Gateway Time-out")), "nothing-behind-the-proxy", "gets no answer in time"),
    ("417", Answer(417, "<title>417 Expectation Failed</title>"), "request-refused", "417"),
    ("421", Answer(421, "Misdirected Request"), "request-refused", "is not served on this connection"),
    ("envoy-rbac", Answer(403, "RBAC: access denied"), "everybody-refused", "Envoy refuses everybody"),
    ("envoy-limits", Answer(429, "local_rate_limited"), "throttled", "by Envoy"),
    ("envoy-jwt", Answer(401, "Jwt is expired"), "key-refused", "by Envoy"),
    (
        "haproxy-403",
        Answer(403, "<h1>403 Forbidden</h1>\nRequest forbidden by administrative rules."),
        "everybody-refused",
        "HAProxy",
    ),
    (
        "host-check",
        Answer(403, "Invalid Host header - possible DNS rebinding attack detected", {"Server": "uvicorn"}),
        "host-name-refused",
        "MLflow refuses the host name 127.0.0.1",
    ),
    ("kerberos", Answer(401, "", {"WWW-Authenticate": "Negotiate"}), "key-refused", "requires the scheme Negotiate"),
    (
        "basic",
        Answer(401, "<title>x</title>", {"WWW-Authenticate": 'Basic realm="x"'}),
        "password-wanted",
        "a user and",
    ),
    ("mlflow-page", Answer(200, "<title>MLflow</title><div id='root'>"), "page-instead-of-api", "MLflow's web page"),
    ("openshift", Answer(503, OPENSHIFT), "nothing-behind-the-proxy", "OpenShift's router"),
    (
        "cut-short",
        Answer(200, b'{"experiments": [{"experiment_id": "0", "na', {"Content-Type": "application/json"}),
        "answer-cut-short",
        "breaks off in mid-document",
    ),
    (
        "cut-short-in-a-word",
        Answer(200, b'{"experiments": [{"deleted": fal', {"Content-Type": "application/json"}),
        "answer-cut-short",
        "breaks off in mid-document",
    ),
    (
        "cut-short-packed",
        Answer(200, gzip.compress(b'{"experiments": []}', mtime=0)[:-9], {"Content-Encoding": "gzip"}),
        "answer-cut-short",
        "before the end of what is packed in it",
    ),
    (
        "numbers-masked",
        Answer(200, b'{"experiments": [{"creation_time": *************}]}', {"Content-Type": "application/json"}),
        "answer-altered",
        "is no JSON: at its character 36 stands '*'",
    ),
    (
        "number-too-long",
        Answer(200, b'{"experiments": [{"creation_time": %s}]}' % (b"9" * 5000), {"Content-Type": "application/json"}),
        "answer-altered",
        "is a document that clients cannot read: 99999999999999999999... is a number of 5000 digits",
    ),
    (
        "fraction-too-large",
        Answer(200, b'{"experiments": [{"creation_time": 1e999}]}', {"Content-Type": "application/json"}),
        "answer-altered",
        "is a document that clients cannot read: 1e999 is larger than any number",
    ),
    (
        "nested-too-deep",
        Answer(200, b'{"experiments": %s}' % (b"[" * 9999 + b"]" * 9999), {"Content-Type": "application/json"}),
        "answer-altered",
        "is a document that clients cannot read: objects and lists are nested",
    ),
    (
        "gunicorn-long-line",
        Answer(400, "<html><body><h1><p>Bad Request</p></h1>\nRequest Line is too large (117 &gt; 100)</body></html>"),
        "request-refused",
        "gunicorn refuses even a small search with 400; it says: 'Request Line is too large (117 > 100)'",
    ),
    (
        "too-early",
        Answer(401, {"message": "The token is not yet valid (nbf)"}),
        "token-not-valid-yet",
        "who checks it says that it is not valid yet",
    ),
    (
        "a-word-of-tokens",
        Answer(401, {"message": "The token has no claim iat"}, {"WWW-Authenticate": "Bearer"}),
        "key-refused",
        "by the part that answers there",
    ),
    (
        "another-header",
        Answer(401, {"message": "No API key: send it in X-API-Key"}, {"WWW-Authenticate": 'ApiKey realm="mlflow"'}),
        "key-looked-for-elsewhere",
        "in the header X-API-Key",
    ),
    ("fastly", Answer(500, "<title>Fastly error: unknown domain x</title>"), "everything-fails", "by Fastly"),
    ("no-address", Answer(302, "", {"Location": "http://[bad"}), "redirect-to-another-path", "to what is no address"),
)


@pytest.mark.parametrize(("answer", "kind", "told"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_a_product_s_own_words_end_the_matter(answer: Answer, kind: str, told: str) -> None:
    """What answers is named by its own words, with the kind that these words warrant."""
    with site(always(answer)) as there:
        found = looked_at(f"{there.url}/api/mlflow").finding
    assert found is not None
    assert found.kind.id == kind, found.sentence
    assert told in found.sentence


def test_a_key_that_makes_headers_too_large_is_told_with_its_length() -> None:
    """Where the same request without a key is answered otherwise, it is the key that is too long."""

    def answering(asked: Any) -> Answer:
        return Answer(431, "") if asked.authorization else Answer(401, {"detail": "no key"})

    with site(answering) as there:
        found = looked_at(there.url, "k" * 300).finding
    assert found is not None
    assert "your key has 300 characters" in found.sentence


def test_a_slash_that_is_added_again_and_again_is_no_address_to_use() -> None:
    """A redirect that adds a slash to what the client asks for does not suggest the address that was given."""

    def answering(asked: Any) -> Answer:
        path, _, query = asked.path.partition("?")
        return Answer(301, "", {"Location": f"{path}/?{query}"})

    with site(answering) as there:
        found = looked_at(f"{there.url}/api/mlflow").finding
    assert found is not None
    assert found.kind.id == "redirect-to-another-path"
    assert there.url not in found.remedy


def test_two_addresses_that_lead_to_each_other_are_a_circle() -> None:
    """A redirect is gone after once, without a credential, before its goal is recommended."""

    def answering(asked: Any) -> Answer:
        one, other = ("/mlflow", "/api") if asked.path.startswith("/mlflow") else ("/api", "/mlflow")
        return Answer(302, "", {"Location": asked.path.replace(one, other, 1)})

    with site(answering) as there:
        found = looked_at(f"{there.url}/mlflow").finding
        credentials = there.credentials
    assert found is not None
    assert (found.kind.id, found.kind.whose) == ("redirect-in-a-circle", OPERATORS)
    assert not credentials


def test_a_circle_over_tls_is_told_with_its_usual_reason() -> None:
    """Who is sent to the address that was asked, over TLS, meets a part that does not know of TLS."""
    for scheme, told in (("https", True), ("http", False)):
        url = f"{scheme}://registry.example/api/2.0/mlflow/experiments/search"
        answer = Exchange("GET", url, "main", 301, response_headers=(("Location", url),))
        found = redirected(f"{scheme}://registry.example", answer)
        assert (found.kind.id, "X-Forwarded-Proto" in found.remedy) == ("redirect-in-a-circle", told)


@pytest.mark.parametrize(
    ("method", "query", "message", "part"),
    [
        ("GET", "?max_results=1", "Invalid value 0 for parameter 'max_results' supplied.", "query"),
        ("GET", "?run_id=7", "Missing value for required parameter 'run_id'. See the API docs.", "query"),
        ("POST", "", "Missing value for required parameter 'name'. See the API docs.", "body"),
        ("POST", "", "Bad Request. Content-Type must be one of ['application/json'].", "body or its Content-Type"),
        ("GET", "?max_results=0", "Invalid value 0 for parameter 'max_results' supplied.", ""),
        ("GET", "?name=x", "Missing value for required parameter 'version'.", ""),
    ],
)
def test_what_mlflow_was_not_given_and_was_sent_is_lost_on_the_way(
    method: str, query: str, message: str, part: str
) -> None:
    """MLflow names what is missing; where it was sent, something before MLflow dropped it."""
    document = json.dumps({"error_code": "INVALID_PARAMETER_VALUE", "message": message})
    answer = Exchange(method, f"http://door/x{query}", "main", 400, response_body=Body.of([document.encode()]))
    found = form_refused(answer, "a search")
    told = (found.kind.id, f"without its {part}, which" in found.sentence) if found else None
    assert told == (("request-incomplete", True) if part else None)


def test_a_name_is_refused_only_if_it_is_refused_again() -> None:
    """A failure now and then is none of the User-Agent's, whichever name the request in between had."""
    turns = itertools.count()

    def answering(_: Any) -> Answer:
        return Answer(200, EXPERIMENTS) if next(turns) else Answer(504, "upstream request timeout")

    with site(answering) as there:
        assert looked_at(there.url).finding is None


@pytest.mark.parametrize(("times", "label", "kind"), [(2, "gzip", True), (1, "", True), (2, "gzip, gzip", False)])
def test_answers_that_are_packed_otherwise_than_they_say_are_no_other_server_s(
    times: int, label: str, kind: bool
) -> None:
    """A second gzip, or one that nobody speaks of, keeps every client from reading MLflow's answer."""
    body = json.dumps(EXPERIMENTS).encode()
    for _ in range(times):
        body = gzip.compress(body)
    answer = Exchange("GET", "http://door/x", "main", 200, (), NO_BODY, (("Content-Encoding", label),), Body.of([body]))
    found = packed_otherwise(answer)
    assert (found is not None and found.kind.id == "answer-packed-otherwise") == kind


@pytest.mark.parametrize(("label", "kind"), [("gzip", ""), ("br", "answer-packed-for-few")])
def test_answers_that_are_packed_unasked_are_read_as_clients_do(label: str, kind: str) -> None:
    """What every client unpacks ends nothing; what few clients do is told, and not called another server."""
    body = json.dumps(EXPERIMENTS).encode()
    packed = gzip.compress(body) if label == "gzip" else b"\x1b\x1b\x01" + body[:9]
    answer = Answer(200, packed, {"Content-Encoding": label, "Content-Type": "application/json"})
    with site(always(answer)) as there:
        found = looked_at(there.url).finding
    assert (found.kind.id if found else "") == kind


def test_a_server_of_artifacts_alone_is_told_by_its_own_words() -> None:
    """An MLflow that serves no metadata says why: trying again later is no remedy."""
    said = "Endpoint: /x disabled due to the mlflow server running in `--artifacts-only` mode. Start without it."
    with site(always(Answer(503, f"<p>{said}</p>"))) as there:
        found = looked_at(there.url).finding
    assert found is not None
    assert (found.kind.id, found.kind.layer) == ("mlflow-serves-artifacts-alone", "mlflow")


def test_a_failure_of_nginx_s_own_is_told_before_mlflow_is_blamed() -> None:
    """A page of 500 that nginx makes itself comes before MLflow is asked: it names who is asked for leave."""
    with site(always(Answer(500, nginx("500 Internal Server Error")))) as there:
        found = looked_at(there.url).finding
    assert found is not None
    assert (found.kind.id, found.kind.layer, "auth_request" in found.sentence) == ("proxy-fails", "proxy", True)


@pytest.mark.parametrize(
    ("path", "by", "kind", "told"),
    [
        ("/ml", "nginx/1.22.1", "path-unknown-to-mlflow", True),
        ("/ml", "uvicorn", "no-mlflow-at-this-path", True),
        ("", "nginx/1.22.1", "no-mlflow-at-this-path", False),
    ],
)
def test_a_path_that_mlflow_itself_does_not_know_may_be_the_proxy_s(path: str, by: str, kind: str, told: bool) -> None:
    """Where MLflow's framework answers 404 below a path, that path may have been passed on with the request."""
    flask = "<!doctype html><title>404 Not Found</title><p>If you entered the URL manually please check</p>"
    with site(always(Answer(404, flask, {"Server": by}))) as there:
        found = looked_at(f"{there.url}{path}").finding
    assert found is not None
    assert (found.kind.id, "proxy_pass" in found.remedy) == (kind, told)


def test_what_the_preflight_found_comes_before_the_words_of_a_step() -> None:
    """A declared target that refuses everybody is told as that, not as one step that its proxy answers."""
    with site(always(Answer(403, nginx("403 Forbidden")))) as there:
        door = Door("canonical", there.url, 2.0, policy=GUARDED)
        found = diagnose(Target("theirs", "live", (door,), {"writer": "a-key-of-mine"}), "run-1", budget=Budget(5.0))
    assert found.named[0].id == "everybody-refused"


def test_each_kind_has_an_id_of_its_own() -> None:
    """Kinds are told apart by their ids, and all are listed."""
    assert len({kind.id for kind in KINDS}) == len(KINDS)
