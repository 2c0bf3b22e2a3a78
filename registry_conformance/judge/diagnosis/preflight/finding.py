"""What the preflight finds: a kind with its remedy, and the sentence of the case at hand."""

from __future__ import annotations

from dataclasses import dataclass

YOURS, OPERATORS = "yours", "the operator's"
"""Who fixes something: who gave the address and the credentials, or who runs the deployment."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One thing that ends the matter before any cause is ranked.

    ``layer`` is empty if nothing shows one. ``title`` says it for every case, ``whose`` who fixes it, ``answered``
    whether anybody answered at all: without an answer nothing can be said of the deployment. One that is not ``sure``
    leaves two explanations.
    """

    id: str
    layer: str
    title: str
    remedy: str
    whose: str = YOURS
    answered: bool = True
    sure: bool = True


@dataclass(frozen=True, slots=True)
class Finding:
    """One such thing, as it was met: ``sentence`` names hosts, statuses and words; ``remedy`` what to do here."""

    kind: Kind
    sentence: str
    remedy: str
    observations: tuple[str, ...] = ()


NAME = Kind(
    "door-name-unknown", "network", "a door's host name does not resolve on this machine",
    "correct the address, or have its name published in the DNS that this machine asks (`getent hosts NAME`)",
    answered=False,
)  # fmt: skip
PORT = Kind(
    "door-port-closed", "network", "the machine is there, and nothing listens at a door's port",
    "start the proxy or the load balancer there, or correct the address: scheme, host and port",
    answered=False,
)  # fmt: skip
ADDRESSES = Kind(
    "addresses-differ", "network", "a name has several addresses, and another server answers at some of them",
    "have every address of the name lead to the registry, or take the others out of its DNS records: clients take any",
    OPERATORS,
)  # fmt: skip
SILENT = Kind(
    "door-silent", "network", "nothing comes back from a door",
    "let this machine through the firewall or security group before the door, or join the network that it is in",
    answered=False,
)  # fmt: skip
TUNNEL = Kind(
    "forward-proxy-refuses", "network", "the forward proxy of this network does not let the client through",
    "correct HTTPS_PROXY or HTTP_PROXY, or name the host in NO_PROXY if it can be reached without the forward proxy",
    answered=False,
)  # fmt: skip
HTTP_ONLY = Kind(
    "address-https-to-plain-http", "client", "the address says https://, and the port speaks plain HTTP",
    "use http://, or the port at which TLS is spoken",
)  # fmt: skip
TLS_ONLY = Kind(
    "address-http-to-tls", "client", "the address says http://, and the port speaks TLS",
    "use https://",
)  # fmt: skip
NO_HTTP = Kind(
    "address-no-http", "client", "whatever listens there speaks no HTTP",
    "correct the address: host and port",
)  # fmt: skip
HTTP2_ALONE = Kind(
    "http2-alone", "proxy", "a port speaks HTTP/2 alone, and the MLflow client speaks HTTP/1.1",
    "have the port take HTTP/1.1 beside HTTP/2 (under TLS by ALPN: h2,http/1.1), or give the address of one that does",
    OPERATORS,
)  # fmt: skip
CUT = Kind(
    "door-hangs-up", "network", "connections are accepted and closed without an answer",
    "look at the proxy or load balancer before MLflow: it runs, and what it passes connections to does not",
    OPERATORS,
)  # fmt: skip
UNTRUSTED = Kind(
    "certificate-untrusted", "network", "the certificate is signed by an authority that this machine does not trust",
    "name the file of the authority in MLFLOW_TRACKING_SERVER_CERT_PATH (or REQUESTS_CA_BUNDLE), or have the "
    "certificate signed by a public authority, its intermediate certificates included",
)  # fmt: skip
EXPIRED = Kind(
    "certificate-expired", "network", "the certificate has expired, or is not valid yet",
    "renew the certificate; if it is valid, correct this machine's clock",
    OPERATORS,
)  # fmt: skip
CLOCK = Kind(
    "clock-of-this-machine", "client", "a certificate is out of its time by this machine's clock, and not by others",
    "set this machine's clock (NTP); the certificate is in order by the clock of who shows it",
    sure=False,
)  # fmt: skip
OTHER_NAME = Kind(
    "certificate-other-name", "network", "the certificate names another host",
    "use the name that the certificate has, or have this one added to it",
)  # fmt: skip
HANDSHAKE = Kind(
    "tls-refused", "network", "the TLS handshake is refused",
    "offer TLS 1.2 or 1.3 with usual ciphers; if the door asks for a client certificate, set "
    "MLFLOW_TRACKING_CLIENT_CERT_PATH",
    OPERATORS,
)  # fmt: skip
FRONTS = Kind(
    "one-front-of-several", "network", "some connections to an address fail, and others to the same address come about",
    "find the front that fails among those that the load balancer, or the DNS, leads connections to: mend it, or take "
    "it out",
    OPERATORS,
)  # fmt: skip
BAD_HTTP = Kind(
    "answer-unreadable", "proxy", "the answer breaks HTTP, so that no client can read it",
    "correct what answers there",
    OPERATORS,
)  # fmt: skip
CUT_SHORT = Kind(
    "answer-cut-short", "network", "an answer of MLflow's breaks off in the middle of a document",
    "find the device on the way that truncates bodies, or changes them without their Content-Length, and remove it",
    OPERATORS,
)  # fmt: skip
ALTERED = Kind(
    "answer-altered", "proxy", "answers of MLflow's are changed on the way, and are no documents any more",
    "find what changes the text of answers between MLflow and the client (a filter that masks numbers or words, a "
    "template, a rewriting of links), and have it leave out what is below /api/",
    OPERATORS, sure=False,
)  # fmt: skip
WRAPPED = Kind(
    "answer-inside-another", "proxy", "MLflow's answers come inside another document, which no client looks into",
    "have the answers of this API passed on as they are: no envelope, no template or transformation of bodies, and no "
    "JSON that is written as a text into JSON",
    OPERATORS,
)  # fmt: skip
PACKED = Kind(
    "answer-packed-otherwise", "proxy", "responses are not encoded as their Content-Encoding says",
    "let only one part compress responses, and set Content-Encoding accordingly; or switch compression off",
    OPERATORS,
)  # fmt: skip
CODING = Kind(
    "answer-packed-for-few", "proxy", "answers are packed in a way that was not asked for, and that few clients read",
    "pack answers only as Accept-Encoding of the request allows (the MLflow client always allows gzip)",
    OPERATORS,
)  # fmt: skip
ENDLESS = Kind(
    "answer-endless", "proxy", "the answer does not end",
    "correct what answers there: a small search must be answered with a small document",
    OPERATORS,
)  # fmt: skip
TO_HTTPS = Kind(
    "redirect-to-https", "client", "the address is redirected to https",
    "use the address that the redirect names",
)  # fmt: skip
ELSEWHERE = Kind(
    "redirect-to-another-host", "client", "the address is redirected to another host, to which no key is sent",
    "use the address that the redirect names, if that host is yours",
)  # fmt: skip
REDIRECT = Kind(
    "redirect-to-another-path", "client", "the address is redirected to another path",
    "use the address that the redirect names",
)  # fmt: skip
CIRCLE = Kind(
    "redirect-in-a-circle", "proxy", "the address is redirected to itself, round in a circle",
    "correct the redirect: no client gets past it",
    OPERATORS,
)  # fmt: skip
LOGIN = Kind(
    "login-page", "auth", "a sign-in page for browsers answers",
    "ask the operator for an API key or a token, and for a route that accepts it from programs",
    OPERATORS,
)  # fmt: skip
LOGIN_ALL_THE_SAME = Kind(
    "login-page-for-a-credential", "auth", "a sign-in page for browsers answers, though a credential was sent",
    "have what asks for the sign-in take credentials of programs as well, or lead programs past it to what checks "
    "them",
    OPERATORS, sure=False,
)  # fmt: skip
OTHER = Kind(
    "not-mlflow", "client", "what answers is not an MLflow server",
    "correct the address: host, port and path",
)  # fmt: skip
PATH = Kind(
    "no-mlflow-at-this-path", "client", "no MLflow answers at this path",
    "use the path at which MLflow answers; the operator knows it",
)  # fmt: skip
PREFIX = Kind(
    "path-unknown-to-mlflow", "proxy", "MLflow is reached, and does not know the path under which it is asked",
    "have the proxy take its own prefix off before it passes requests on, or start MLflow with it as --static-prefix; "
    "if the proxy has no such prefix, leave it out of the address",
    OPERATORS,
    sure=False,
)  # fmt: skip
REFUSED = Kind(
    "key-refused", "auth", "the key is refused",
    "use a key that is valid for this registry, or ask the operator for one",
)  # fmt: skip
REFUSED_OR_LOST = Kind(
    "key-refused-or-lost", "auth", "a key is refused as if none were sent: it is not valid, or it does not arrive",
    "use a key that is valid for this registry; if it is, have whatever stands before what refuses it pass the "
    "Authorization header on",
    sure=False,
)  # fmt: skip
REFUSED_BEHIND = Kind(
    "key-refused-behind", "auth", "a key is accepted at the door, and refused by a second part behind it",
    "have the first part send on the credential that the second one wants (what it looks up itself, or a header of the "
    "client's), or have the second one ask for none; one request carries one Authorization header",
    OPERATORS,
)  # fmt: skip
REMEMBERED = Kind(
    "refusal-remembered", "auth", "the refusal of a request without a key is cached, and returned to one with a key",
    "have whoever checks keys remember its answers by key as well as by address, and no refusals, as nginx does with "
    "proxy_cache_key $http_authorization$request_uri and proxy_cache_valid 200",
    OPERATORS,
)  # fmt: skip
RIGHTS = Kind(
    "key-lacks-right", "auth", "the key is known, and may not do this",
    "ask the operator for the right to read and write there",
)  # fmt: skip
OWN_PERMISSIONS = Kind(
    "mlflow-permissions-deny", "auth", "MLflow's own permissions refuse a step of the registration",
    "give this user EDIT there, or raise the default permission where MLflow's own users are configured; for "
    "artifacts, start MLflow without a folder in --default-artifact-root (mlflow-artifacts:/): with one it does not "
    "find the experiment in an artifact's path, and the default permission alone counts",
    OPERATORS,
)  # fmt: skip
RIGHTS_OR_RULE = Kind(
    "refused-by-the-proxy-itself", "proxy", "a proxy refuses with a page of its own, and not for lack of a key",
    "find the refusal in the proxy's error log: a list of allowed addresses, a rule for methods or paths, or what "
    "its auth service said of the key",
    OPERATORS, sure=False,
)  # fmt: skip
WORKSPACE = Kind(
    "client-workspace", "client", "MLFLOW_WORKSPACE names a workspace that the server does not have",
    "unset MLFLOW_WORKSPACE, or set it to a workspace that is there; workspaces are kept by a server that was started "
    "with --enable-workspaces",
)  # fmt: skip
REGISTRY = Kind(
    "client-registry", "client", "MLFLOW_REGISTRY_URI sends models to another place than the address that is tested",
    "unset MLFLOW_REGISTRY_URI, or set it to the address that is tested; if models are meant to lie there, give the "
    "doctor that address",
)  # fmt: skip
NAMED = Kind(
    "client-names-what-is-missing", "client", "a variable of the client names a run or an experiment that is not there",
    "unset MLFLOW_RUN_ID and MLFLOW_EXPERIMENT_ID, which another job or another server may have left, or set them to "
    "what is there",
)  # fmt: skip
NAMED_AND_DENIED = Kind(
    "client-names-what-is-denied", "client",
    "a variable of the client names a run or an experiment that its credential may not read",
    "unset MLFLOW_RUN_ID, MLFLOW_EXPERIMENT_ID and MLFLOW_EXPERIMENT_NAME, or ask the owner of what they name for the "
    "right to read it and to write there",
)  # fmt: skip
NAMED_AND_DELETED = Kind(
    "client-names-what-is-deleted", "client", "a variable of the client names a run or an experiment that is deleted",
    "have it restored by who may (`mlflow experiments restore --experiment-id ID`, `mlflow runs restore --run-id ID`), "
    "or unset MLFLOW_RUN_ID, MLFLOW_EXPERIMENT_ID and MLFLOW_EXPERIMENT_NAME, or name another",
)  # fmt: skip
CLIENT_LIMIT = Kind(
    "client-gives-up", "client", "a variable of the client has it give up sooner than this registry answers",
    "unset MLFLOW_HTTP_REQUEST_TIMEOUT (120 seconds then) and MLFLOW_HTTP_REQUEST_MAX_RETRIES (7 times then), or set "
    "them to more than was seen to be needed",
    sure=False,
)  # fmt: skip
CLIENT_ROOM = Kind(
    "client-has-no-room", "client", "the client's machine has no room for the files that the client writes there first",
    "free some room in the temporary folder, or name another one by the environment variable TMPDIR: the MLflow client "
    "writes a model there before it uploads it",
)  # fmt: skip
TOO_EARLY = Kind(
    "token-not-valid-yet", "auth", "a token is refused as not valid yet, as it is where a clock is behind",
    "have the clock of who checks tokens set by NTP, or allow some leeway there; or wait, and try again",
    OPERATORS,
)  # fmt: skip
LAPSED = Kind(
    "key-lapsed", "auth", "the key was let in at first, and is refused from some moment on",
    "take a new token or key, and one that lives as long as what it is for: a training sends requests from its first "
    "parameter to its last file, and the MLflow client renews no token by itself (it reads MLFLOW_TRACKING_TOKEN anew "
    "for each request, so that a job can replace it)",
)  # fmt: skip
UNLIKE_A_KEY = Kind(
    "key-is-something-else", "client", "the form of what was given as the key shows that it is not the key alone",
    "set MLFLOW_TRACKING_TOKEN to the key alone, without quotes, its scheme or the name of a variable",
)  # fmt: skip
WANTED = Kind(
    "key-wanted", "client", "a key is required, and none was given",
    "put the API key into MLFLOW_TRACKING_TOKEN; ask the operator for one",
)  # fmt: skip
PASSWORD = Kind(
    "password-wanted", "client", "a user and a password are required, and none were given",
    "set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD",
)  # fmt: skip
OUTBOUND = Kind(
    "outbound-proxy", "network", "a forward proxy answers, and requires its own credentials",
    "correct HTTP_PROXY, HTTPS_PROXY and NO_PROXY, with user and password if that proxy wants them; or the address, if "
    "it is that proxy's own",
    answered=False,
)  # fmt: skip
LOST = Kind(
    "key-does-not-arrive", "proxy", "a key was sent, and does not arrive where it is looked for",
    "have whatever stands before it pass the Authorization header on",
    OPERATORS,
)  # fmt: skip
AGENT = Kind(
    "client-name-refused", "proxy", "the User-Agent of the MLflow client is refused, others are not",
    "let requests pass whose User-Agent begins with mlflow-python-client/ or python-requests/",
    OPERATORS,
)  # fmt: skip
FIREWALL = Kind(
    "firewall-refuses", "proxy", "a web application firewall refuses the MLflow client",
    "have the firewall let the MLflow client pass at this address: its User-Agent, its PUT requests, its bodies",
    OPERATORS,
)  # fmt: skip
FILTER = Kind(
    "web-filter-refuses", "network", "a web filter of this network refuses the request",
    "ask the network's administrators to allow the host, or name it in NO_PROXY if the filter can be avoided",
)  # fmt: skip
CAPTIVE = Kind(
    "network-wants-sign-in", "network", "the network of this machine requires a sign-in first (a captive portal)",
    "open a page under http:// in a browser and sign in to the network, or use another network",
)  # fmt: skip
BARRED = Kind(
    "everybody-refused", "proxy", "every request is refused, with a credential and without",
    "find the rule in the log of the part that refuses: an address, a country, a path, or a key that is expected in "
    "another header than Authorization",
    OPERATORS,
)  # fmt: skip
AUTHORIZER = Kind(
    "authorizer-refuses-everybody", "auth", "the proxy asks an authorization service, and refuses everybody",
    "look whether the service that the proxy asks runs, is reached, and answers in time; then what it refuses for",
    OPERATORS,
)  # fmt: skip
OTHER_HEADER = Kind(
    "key-looked-for-elsewhere", "auth", "a key is looked for in a header that the MLflow client does not send",
    "have whoever checks keys take the key from the Authorization header (Bearer KEY): the MLflow client sends it in "
    "no other",
    OPERATORS,
)  # fmt: skip
NO_RULE = Kind(
    "route-without-rule", "auth", "who checks rights has no rule for a route of MLflow's, and refuses it",
    "add the route to the rules of who checks rights: those of MLflow 3 are /api/2.0/mlflow/, with logged-models in "
    "it, /api/3.0/mlflow/ and /api/2.0/mlflow-artifacts/",
    OPERATORS,
)  # fmt: skip
HOST = Kind(
    "host-name-refused", "mlflow", "MLflow refuses the Host header of the request",
    "start MLflow with --allowed-hosts naming that host (MLFLOW_SERVER_ALLOWED_HOSTS), or have the proxy set the Host "
    "header to a name that is allowed",
    OPERATORS,
)  # fmt: skip
HOST_CHANGED = Kind(
    "host-name-changed", "proxy", "the Host header is changed on the way at some routes, and MLflow refuses it there",
    "have the proxy pass the client's Host header on at these routes as it does at others",
    OPERATORS,
)  # fmt: skip
ORIGIN = Kind(
    "origin-refused", "mlflow", "MLflow refuses the Origin header of the request",
    "start MLflow with --cors-allowed-origins naming that origin, or have the proxy add no Origin header",
    OPERATORS,
)  # fmt: skip
UNFIT = Kind(
    "request-refused", "proxy", "even a small search is refused for its form",
    "have the part that refuses it accept what the MLflow client sends",
    OPERATORS,
)  # fmt: skip
INCOMPLETE = Kind(
    "request-incomplete", "proxy", "a part of what is sent does not reach MLflow: its query, its body or its type",
    "have what stands before MLflow pass requests on whole: the query with the path, the body, and its media type as "
    "it came",
    OPERATORS,
)  # fmt: skip
CLIENT_CERTIFICATE = Kind(
    "client-certificate-wanted", "auth", "a client certificate is required, and none or another one was given",
    "set MLFLOW_TRACKING_CLIENT_CERT_PATH to a file that holds a certificate and its key; the operator issues it",
)  # fmt: skip
API_LOST = Kind(
    "api-not-passed-on", "proxy", "MLflow's web page answers, and its API does not",
    "have whatever stands before MLflow pass /api/ and /ajax-api/ on to it as well, with their paths as they come",
    OPERATORS,
)  # fmt: skip
PAGE = Kind(
    "page-instead-of-api", "proxy", "MLflow's web page answers in the place of its API",
    "have whatever stands before MLflow pass /api/ and /ajax-api/ on, and not answer them with a page",
    OPERATORS,
)  # fmt: skip
OPEN = Kind(
    "open-though-key-promised", "proxy", "a key is declared as required, and none is needed",
    "have whatever stands before MLflow ask for the key, or have MLflow ask (--app-name basic-auth); if it is meant to "
    'be open, say policy = "open" in the file of the environment',
    OPERATORS,
)  # fmt: skip
FAILS = Kind(
    "mlflow-fails", "mlflow", "MLflow itself fails on every request",
    "read MLflow's log: its database is the first thing to look at",
    OPERATORS,
)  # fmt: skip
ARTIFACTS_ONLY = Kind(
    "mlflow-serves-artifacts-alone", "mlflow", "an MLflow answers that serves artifacts, and neither runs nor models",
    "give clients the address of the tracking server; or start this one without --artifacts-only and with a database",
    OPERATORS,
)  # fmt: skip
FAILS_BEFORE = Kind(
    "proxy-fails", "proxy", "the proxy itself fails, before MLflow is asked",
    "read the proxy's error log; if it asks an auth service for leave, look whether that runs and is reached, what it "
    "answers, and whether the limit for bodies holds for that question too",
    OPERATORS,
)  # fmt: skip
FAILING = Kind(
    "everything-fails", "", "every request fails, and nothing shows where",
    "read the log of the part that answers; if it passed the request on, then MLflow's log",
    OPERATORS,
)  # fmt: skip
BEHIND = Kind(
    "nothing-behind-the-proxy", "proxy", "the proxy answers, and does not reach its upstream",
    "start MLflow, or correct the address to which the proxy passes requests; where it asks an auth service first, "
    "look at that one too",
    OPERATORS,
)  # fmt: skip
UNAVAILABLE = Kind(
    "unavailable", "", "every request is answered as unavailable",
    "try again later; if it persists, the operator must look at the part that answers",
    OPERATORS,
)  # fmt: skip
THROTTLED = Kind(
    "throttled", "proxy", "every request is answered as too many requests",
    "wait, then try again; the operator sets the limit",
    OPERATORS,
)  # fmt: skip
STEP_ANSWERED = Kind(
    "step-answered-before-mlflow", "proxy", "a product before MLflow answers a step of the registration itself",
    "have it pass this request on to MLflow, whatever its method, its path, its media type and its size",
    OPERATORS,
)  # fmt: skip
STEP_REDIRECTED = Kind(
    "step-redirected", "proxy", "a step of the registration is redirected, and loses its body or its method on the way",
    "have it answered where it is asked, or give clients the address that it is redirected to",
    OPERATORS,
)  # fmt: skip
STEP_LIMITED = Kind(
    "step-limited", "proxy", "a limit or a rule of a product before MLflow answers a step with 503",
    "read its error log, which names the limit or the rule; raise the limit for clients of MLflow, which send some "
    "hundred requests a minute, and have it answer 429, which they wait for; or take the rule out",
    OPERATORS,
)  # fmt: skip
STEP_UNSERVED = Kind(
    "step-gets-no-answer", "proxy", "a product before MLflow passes a step of the registration on, and gets no answer",
    "read MLflow's log at that time: it ended, or took longer than is waited for; else the way between the two",
    OPERATORS,
)  # fmt: skip
STEP_REFUSED = Kind(
    "step-refused", "", "a step of the registration is refused, in words of its own",
    "do as its words say; who refuses is found in the logs by the request id: MLflow, or what stands before it",
    OPERATORS,
)  # fmt: skip
WORKER_ENDED = Kind(
    "worker-ended", "mlflow", "gunicorn ends a worker in the midst of a request",
    "raise the time that a worker may take where gunicorn is started, which is MLflow's own server most likely: mlflow "
    "server --gunicorn-opts '--timeout 600'; its log says WORKER TIMEOUT, or why the worker failed",
    OPERATORS, sure=False,
)  # fmt: skip
TRANSFERS_END = Kind(
    "transfers-end-after-bytes", "network", "connections are ended after a number of bytes",
    "find the device on the way that counts bytes of a connection (a firewall that inspects, a load balancer, a limit "
    "of traffic), and exempt the artifact paths; where none is on the way, look for a limit in the proxy",
    OPERATORS, sure=False,
)  # fmt: skip
STEP_UNREAD = Kind(
    "step-unread", "mlflow", "what was just made is not found",
    "let reads go where writes go: look whether MLflow reads from a replica that does not follow its database, or "
    "whether each of several servers has a database of its own",
    OPERATORS,
)  # fmt: skip
STEP_SILENT = Kind(
    "step-silent", "mlflow", "MLflow gives no answer to one request, and answers others",
    "read MLflow's log at that time, and ask its database what waits there: a lock that a forgotten transaction "
    "holds, no free connection, a query without an index; a proxy that waits longer mends nothing",
    OPERATORS, sure=False,
)  # fmt: skip
GONE_AT_TIMES = Kind(
    "mlflow-gone-at-times", "mlflow", "MLflow is gone for a while, again and again",
    "find out why it ends, in its log and in what starts it anew (kubectl describe pod: Last State): a limit of "
    "memory, a limit of requests for each worker (--limit-max-requests, --max-requests), a health check that is too "
    "strict, a crash; more than one worker or replica bridges the time of a start",
    OPERATORS, sure=False,
)  # fmt: skip
STEP_FAILS = Kind(
    "step-fails", "", "a step of the registration fails, in words of its own",
    "read MLflow's log at that time; its words name what failed",
    OPERATORS,
)  # fmt: skip
KINDS = (
    NAME, ADDRESSES, PORT, SILENT, TUNNEL, HTTP_ONLY, TLS_ONLY, NO_HTTP, HTTP2_ALONE, CUT, UNTRUSTED, EXPIRED, CLOCK,
    OTHER_NAME, HANDSHAKE, FRONTS, CLIENT_CERTIFICATE, BAD_HTTP, CUT_SHORT, ALTERED, WRAPPED, PACKED, CODING, ENDLESS,
    CAPTIVE, TO_HTTPS, ELSEWHERE, REDIRECT, CIRCLE, OUTBOUND, FILTER, FIREWALL, AGENT, HOST, HOST_CHANGED, ORIGIN,
    UNFIT, INCOMPLETE, LOGIN, LOGIN_ALL_THE_SAME, OTHER, PAGE, API_LOST, PREFIX, PATH, BARRED, REFUSED,
    UNLIKE_A_KEY,
    REFUSED_OR_LOST, REFUSED_BEHIND, RIGHTS, OWN_PERMISSIONS, RIGHTS_OR_RULE, AUTHORIZER, OTHER_HEADER, NO_RULE,
    TOO_EARLY, LAPSED, WORKSPACE, REGISTRY, NAMED, NAMED_AND_DENIED, NAMED_AND_DELETED, CLIENT_LIMIT, CLIENT_ROOM,
    WANTED, PASSWORD,
    LOST, OPEN,
    FAILS, ARTIFACTS_ONLY, FAILS_BEFORE, FAILING, BEHIND, UNAVAILABLE, THROTTLED, STEP_ANSWERED, STEP_REDIRECTED,
    STEP_LIMITED, STEP_UNSERVED, WORKER_ENDED, STEP_REFUSED, STEP_UNREAD, TRANSFERS_END, STEP_SILENT,
    GONE_AT_TIMES, STEP_FAILS,
)  # fmt: skip
"""Every kind, in the order in which a request meets them."""


def is_about_the_credential(kind: Kind) -> bool:
    """Return whether an address was right, and it was the credential that ended the matter, or the lack of one."""
    return kind.layer == "auth" or kind in (WANTED, PASSWORD, UNLIKE_A_KEY)
