"""Before any cause is ranked: who answers, whether it is an MLflow, whether the key is let in; each in one sentence."""

from __future__ import annotations

import base64
import json
import threading
import time
from dataclasses import replace

import pytest

from registry_conformance.judge.diagnosis.doctor import target_at
from registry_conformance.judge.diagnosis.facts import Facts
from registry_conformance.judge.diagnosis.preflight import AddressError, examine, read_address
from registry_conformance.judge.diagnosis.preflight.target import examine_target
from registry_conformance.judge.target.credential import Password
from registry_conformance.judge.target.policy import GUARDED, OPEN, Policy
from registry_conformance.judge.target.target import Door, Target
from tests.web_answers import SEARCH_PATH, Answer, Answering, Asked, always, guarded, looked_at, mlflow, site

KEY = "Bearer a-key-of-mine"
NGINX_401 = "<html><head><title>401 Authorization Required</title></head><hr><center>nginx/1.22.1</center></html>"
FLASK_500 = (
    "<!doctype html>\n<title>500 Internal Server Error</title><p>The server encountered an internal error and was "
    "unable to complete your request. Either the server is overloaded or there is an error in the application.</p>"
)
FLASK_404 = (
    "<!doctype html>\n<title>404 Not Found</title><p>Not found. If you entered the URL manually please check.</p>"
)
NGINX_413 = "<html><head><title>502 Bad Gateway</title></head><hr><center>nginx/1.22.1</center></html>"


@pytest.mark.parametrize(
    ("given", "url"),
    [
        (" https://host/api/mlflow", "https://host/api/mlflow"),
        ("https://host/api/mlflow/", "https://host/api/mlflow"),
        ("http://[::1]:5000", "http://[::1]:5000"),
        ("https://host/größe/%20a@b", "https://host/gr%C3%B6%C3%9Fe/%20a@b"),
        ("https://münchen.example:8443/x", "https://xn--mnchen-3ya.example:8443/x"),
    ],
)
def test_an_address_is_read_as_people_give_it(given: str, url: str) -> None:
    """White space before an address, a slash at its end and other scripts are taken as the MLflow client takes them."""
    assert read_address(given).url == url


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("", "the address is empty"),
        ("https://ho st/x", "a space in it"),
        ("https://host/x\ny", "a line break in it"),
        ("host:5000/api/mlflow", "the scheme is missing; it looks like https://host:5000/api/mlflow"),
        ("htps://host/x", "its scheme is mistyped; it looks like https://host/x"),
        ("ftp://host/x", "'ftp' is no scheme of a tracking server"),
        ("https://", "no host in it"),
        ("http:host:5000", "no host in it; a tracking URI looks like http://host:5000"),
        ("https://host:99999/", "its port is not a number from 1 to 65535"),
        ("https://host:abc/", "its port is not a number from 1 to 65535"),
        ("http://::1:5000", "an IPv6 address must be in square brackets"),
        ("http://[::1:5000", "its square brackets do not hold an IPv6 address"),
        ("https://host/" + "a" * 5000, "5013 characters"),
        ("https://host:0/", "port 0 is none"),
        ("https://ho..st/", "is no host name"),
        ("https://me:secret-word@host/x", "it holds a user or a password"),
        ("https://host/x?api_key=secret-word", "it has a query; leave it out: https://host/x"),
        (
            "https://host/x\n",
            "white space stands at its end, and the MLflow client sends it; leave it out: https://host/x",
        ),
        ("http://host:8080/#/", "leave it out: http://host:8080"),
        ("http://host:8080/p#/experiments/0?o=1", "as a browser shows it"),
        ("https://host/p/api/2.0/mlflow", "give the tracking URI without it: https://host/p"),
        ("https://host/ajax-api/2.0/mlflow/experiments/search", "give the tracking URI without it: https://host"),
    ],
)
def test_an_address_that_can_be_none_is_refused_in_a_sentence(given: str, told: str) -> None:
    """What is wrong with an address is said, with what it looks like, and no secret in it is repeated."""
    with pytest.raises(AddressError) as refused:
        read_address(given)
    assert told in str(refused.value)
    assert "secret-word" not in str(refused.value)


def test_an_mlflow_that_lets_the_key_in_ends_nothing() -> None:
    """A registry that asks for a key and lets it in is known by its version, and called guarded."""
    with site(guarded(KEY, Answer(401, {"detail": "no"}))) as there:
        found = looked_at(there.url)
    assert (found.finding, found.version, found.open) == (None, "3.17.2", False)


def test_an_open_registry_is_called_open() -> None:
    """A registry that asks nobody for a key is called open, with a key and without."""
    with site(mlflow) as there:
        assert [looked_at(there.url, key).open for key in ("a-key-of-mine", None)] == [True, True]
        assert looked_at(there.url, None).finding is None


@pytest.mark.parametrize("prefix", ["", "/mlflow", "/api/mlflow"])
def test_an_mlflow_at_a_neighbouring_path_is_named(prefix: str) -> None:
    """A typo in the path is answered with the address at which MLflow answers, and no key goes there."""
    with site(lambda asked: mlflow(asked, prefix)) as there:
        found = looked_at(f"{there.url}/api/mlfow").finding
        elsewhere = [each for each in there.asked if "/api/mlfow/" not in each.path]
    assert found is not None
    assert found.kind.id == "no-mlflow-at-this-path"
    assert found.sentence.endswith(f"one answers at {there.url}{prefix}")
    assert elsewhere
    assert not [each for each in elsewhere if each.authorization]


def test_a_proxy_for_going_out_is_no_registry_that_wants_a_key() -> None:
    """A 407 is about the way out, not about the registry's key."""
    with site(lambda _: Answer(407, "log in to go out")) as there:
        found = looked_at(there.url).finding
    assert found is not None
    assert found.kind.id == "outbound-proxy"
    assert "HTTPS_PROXY" in found.remedy


def test_a_guarded_neighbour_is_named_by_its_refusal() -> None:
    """A neighbouring path that wants a key, while nonsense is not found, is where MLflow answers."""

    def answering(asked: Asked) -> Answer:
        refusal = Answer(401, {"error_code": "UNAUTHENTICATED", "message": "no key"})
        return refusal if asked.path.startswith("/api/mlflow/") else Answer(404, "nothing here")

    with site(answering) as there:
        found = looked_at(f"{there.url}/api/mlfow").finding
    assert found is not None
    assert found.sentence.endswith(f"one answers at {there.url}/api/mlflow")


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (Answer(200, "<html><title>Welcome to nginx!</title></html>"), "nginx's welcome page"),
        (Answer(200, "<title>Apache2 Debian Default Page: It works</title>"), "Apache's default page"),
        (Answer(200, "<html><title>Grafana</title></html>"), "Grafana"),
        (Answer(401, {"message": "Unauthorized", "traceId": "1", "statusCode": 401}), "Grafana"),
        (Answer(403, "<title>Jupyter Server</title>"), "Jupyter"),
        (Answer(200, "<title>Airflow - DAGs</title>"), "Airflow"),
        (Answer(404, "<pre>Cannot GET /x</pre>"), "Express"),
        (Answer(403, "<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>"), "an S3 API"),
        (Answer(200, "<title>Our shop</title>"), "a web page titled 'Our shop'"),
        (Answer(200, {"hello": "world"}), "JSON that is not MLflow's"),
        (Answer(200, [1, 2]), "JSON that is not MLflow's"),
        (Answer(200, b"[" * 200_000, {"Content-Type": "application/json"}), "'[[["),
        (Answer(200, b"[" * 900 + b"]" * 900, {"Content-Type": "application/json"}), "[[["),
        (Answer(200, ""), "an empty body"),
        (Answer(404, "default backend - 404"), "default backend - 404"),
        (Answer(404, "404 page not found\n"), "404 page not found"),
    ],
)
def test_what_is_no_mlflow_is_told_as_what_it_seems_to_be(answer: Answer, told: str) -> None:
    """Any web server that is no MLflow is called so, and described by its own page or words."""
    with site(always(answer)) as there:
        found = looked_at(f"{there.url}/api/mlflow").finding
    assert found is not None
    assert found.kind.id in ("not-mlflow", "no-mlflow-at-this-path")
    assert "not an MLflow" in found.sentence or "no MLflow answers" in found.sentence
    assert told in found.sentence
    assert len(found.sentence) < 400


@pytest.mark.parametrize(
    ("refusal", "told"),
    [
        (Answer(401, NGINX_401, {"WWW-Authenticate": 'Basic realm="x"'}), ("nginx", "401 Authorization Required")),
        (Answer(401, {"detail": "Invalid or expired API key"}), ("the platform's API", "Invalid or expired API key")),
        (
            Answer(401, "You are not authenticated.", {"WWW-Authenticate": 'Basic realm="mlflow"'}),
            ("MLflow's own basic-auth app", "You are not authenticated."),
        ),
        (
            Answer(401, {"error_code": "UNAUTHENTICATED", "message": "unknown key"}),
            ("MLflow, or what answers in its error form", "unknown key"),
        ),
        (Answer(403, {"error": {"message": "token unknown"}}), ("403", "token unknown")),
        (Answer(401, "", {"WWW-Authenticate": 'Bearer error="invalid_token"'}), ("401",)),
    ],
)
def test_a_refused_key_is_told_with_who_refuses_it(refusal: Answer, told: tuple[str, ...]) -> None:
    """A wrong or expired key is called refused, by whom, and in their own words."""
    with site(guarded("Bearer another", refusal)) as there:
        found = looked_at(there.url).finding
    assert found is not None
    assert found.sentence.startswith("your key is refused")
    assert all(words in found.sentence for words in told), found.sentence
    assert found.kind.layer == "auth"


@pytest.mark.parametrize(
    ("challenge", "kind"), [('Basic realm="x"', "password-wanted"), ("Bearer", "key-wanted"), ("", "key-wanted")]
)
def test_what_is_wanted_is_told_to_who_gives_nothing(challenge: str, kind: str) -> None:
    """Without a credential it is said which one is wanted, and where it is put."""
    refusal = Answer(401, {"detail": "no"}, {"WWW-Authenticate": challenge} if challenge else {})
    with site(guarded(KEY, refusal)) as there:
        found = looked_at(there.url, None).finding
    assert found is not None
    assert found.kind.id == kind
    assert "MLFLOW_TRACKING_" in found.remedy


def test_a_key_without_the_right_to_read_is_not_called_wrong() -> None:
    """Who is known and may not read is told so: a stranger is answered otherwise."""
    refusal = Answer(403, {"error_code": "PERMISSION_DENIED", "message": "needs mlflow:read"})
    with site(lambda asked: refusal if asked.authorization else Answer(401, {"detail": "no key"})) as there:
        found = looked_at(there.url).finding
    assert found is not None
    assert found.kind.id == "key-lacks-right"
    assert "needs mlflow:read" in found.sentence


def test_a_key_that_does_not_arrive_is_told() -> None:
    """A refusal that says that no key came, though one was sent, is the way's fault."""
    with site(always(Answer(401, {"detail": "Missing API key"}))) as there:
        found = looked_at(there.url).finding
    assert found is not None
    assert found.kind.id == "key-does-not-arrive"


@pytest.mark.parametrize(
    "words", ["Missing X-API-Key header", "no api-key header", "Access denied: missing token in X-Auth-Token"]
)
def test_a_header_that_the_client_does_not_send_is_named(words: str) -> None:
    """Who looks for a key in another header is told as that, and the key is not called wrong."""
    with site(always(Answer(401, {"detail": words}))) as there:
        found = looked_at(there.url).finding
    assert found is not None
    assert (found.kind.id, found.kind.layer) == ("key-looked-for-elsewhere", "auth")
    assert "Authorization header" in found.remedy


@pytest.mark.parametrize(
    ("headers", "body", "kind"),
    [
        ({"Server": "envoy"}, "", "authorizer-refuses-everybody"),
        ({"Server": "envoy", "X-Envoy-Upstream-Service-Time": "3"}, "", "everybody-refused"),
        ({"Server": "envoy"}, "RBAC: access denied", "everybody-refused"),
        ({"Server": "nginx"}, "", "everybody-refused"),
    ],
)
def test_who_asks_for_leave_and_gets_none_is_told(headers: dict[str, str], body: str, kind: str) -> None:
    """An empty 403 that Envoy makes itself is that of whom it asks; one that came from behind it may be anybody's."""
    with site(always(Answer(403, body, headers))) as there:
        found = looked_at(there.url).finding
    assert found is not None
    assert found.kind.id == kind


def test_a_signing_key_that_is_not_known_is_told() -> None:
    """Envoy's own words about a token are its own, and say that the issuer's keys are to be fetched anew."""
    refusal = Answer(401, "Jwks doesn't have key to match kid or alg from Jwt", {"Server": "envoy"})
    with site(always(refusal)) as there:
        found = looked_at(there.url).finding
    assert found is not None
    assert "by Envoy;" in found.sentence
    assert "JWKS" in found.remedy


def test_a_proxy_that_reads_no_request_is_told() -> None:
    """Where every path is malformed to a proxy, the address is not to blame: something precedes the requests."""
    page = "<html><head><title>400 Bad Request</title></head><hr><center>nginx/1.22.1</center></html>"
    with site(always(Answer(400, page))) as there:
        found = looked_at(there.url).finding
    assert found is not None
    assert (found.kind.id, found.kind.layer) == ("request-refused", "proxy")
    assert "PROXY protocol" in found.remedy


@pytest.mark.parametrize(("path", "kind"), [("/ml", "path-unknown-to-mlflow"), ("", "no-mlflow-at-this-path")])
def test_a_prefix_that_is_not_taken_off_is_told(path: str, kind: str) -> None:
    """MLflow's page for an unknown path, from behind a proxy, says that the path arrives with the proxy's prefix."""
    with site(always(Answer(404, FLASK_404, {"Server": "nginx"}))) as there:
        found = looked_at(f"{there.url}{path}").finding
    assert found is not None
    assert found.kind.id == kind


def test_a_served_model_is_no_tracking_server() -> None:
    """What tells its version and takes inputs is a model that MLflow serves."""

    def answering(asked: Asked) -> Answer:
        told = {"/version": Answer(200, "3.17.2"), "/invocations": Answer(405, {"detail": "Method Not Allowed"})}
        return told.get(asked.path, Answer(404, {"detail": "Not Found"}))

    with site(answering) as there:
        found = looked_at(there.url).finding
    assert found is not None
    assert "a model that MLflow serves" in found.sentence


@pytest.mark.parametrize(
    ("claims", "told"),
    [
        ({"iat": -7200, "exp": -3600}, "it expired 1 hour ago"),
        ({"iat": 7200, "exp": 9000}, "it is good only in 2 hours"),
        ({"iat": -60, "exp": 3600}, ""),
    ],
)
def test_a_token_out_of_its_time_is_told(claims: dict[str, int], told: str) -> None:
    """A token that is refused and says itself that it is good no more, or not yet, is told as that."""
    text = json.dumps({name: time.time() + shift for name, shift in claims.items()}).encode()
    token = f"e30.{base64.urlsafe_b64encode(text).decode().rstrip('=')}.c2ln"
    with site(always(Answer(401, {"detail": "no"}))) as there:
        found = looked_at(there.url, token).finding
    assert found is not None
    assert (told in found.sentence, "NTP" in found.remedy) == (True, bool(told))


@pytest.mark.parametrize(
    ("claims", "told", "remedy"),
    [
        ({"iat": -60, "exp": 3600}, "by this machine's clock it is good", "it is behind"),
        ({"exp": 3600}, "who checks it says that it is not valid yet", "compare both clocks"),
    ],
)
def test_a_token_that_is_refused_as_too_early_is_told_by_what_it_says(
    claims: dict[str, int], told: str, remedy: str
) -> None:
    """Whose clock is behind is told only for a token that says itself since when it is good."""
    text = json.dumps({name: time.time() + shift for name, shift in claims.items()}).encode()
    token = f"e30.{base64.urlsafe_b64encode(text).decode().rstrip('=')}.c2ln"
    with site(always(Answer(401, {"detail": "The token is not yet valid (nbf)"}))) as there:
        found = looked_at(there.url, token).finding
    assert found is not None
    assert (told in found.sentence, remedy in found.remedy) == (True, True)


@pytest.mark.parametrize(
    ("refusal", "dropped"),
    [
        (Answer(401, "You are not authenticated.", {"WWW-Authenticate": 'Basic realm="mlflow"'}), True),
        (Answer(401, NGINX_401, {"WWW-Authenticate": 'Basic realm="x"'}), False),
        (Answer(401, "", {"WWW-Authenticate": 'Basic realm="x"'}), False),
    ],
)
def test_a_proxy_that_may_drop_the_header_is_named(refusal: Answer, dropped: bool) -> None:
    """Who is refused alike with a credential and without, behind nginx, is told that nginx may drop it."""
    answer = Answer(refusal.status, refusal.body, {**refusal.headers, "Server": "nginx"})
    with site(always(answer)) as there:
        found = looked_at(there.url, Password("ada", "secret-word")).finding
    assert found is not None
    assert (found.kind.id, found.kind.sure) == (("key-refused-or-lost", False) if dropped else ("key-refused", True))
    assert ("nginx, which stands before it, drops the Authorization header" in found.sentence) is dropped


@pytest.mark.parametrize(
    ("headers", "before"),
    [
        ({"Via": "1.1 4f.cloudfront.net (CloudFront)"}, "CloudFront, through which it came,"),
        ({"CF-RAY": "8e2-FRA"}, "Cloudflare, through which it came,"),
        ({"Via": "1.1 varnish (7.1)"}, "a proxy, through which it came,"),
    ],
)
def test_a_network_that_passes_answers_on_may_drop_the_header(headers: dict[str, str], before: str) -> None:
    """Who refuses may be right about the key, or never see it, where the answer came through somebody else."""
    with site(always(Answer(401, NGINX_401, headers))) as there:
        found = looked_at(there.url, "a-key-of-mine").finding
    assert found is not None
    assert found.kind.id == "key-refused-or-lost"
    assert f"or {before} drops the Authorization header" in found.sentence


def test_a_key_that_may_be_lost_is_an_open_question_where_more_is_shown() -> None:
    """A target that shows more than its doors may show why: its doors are looked at further."""
    with site(always(Answer(401, NGINX_401, {"Via": "1.1 varnish"}))) as there:
        target = Target("t", "live", (Door("one", there.url),), {"writer": "a-key-of-mine"})
        examined = examine_target(target, "run-1", Facts())
    assert [door.name for door in examined.target.doors] == ["one"]
    assert [each.kind.id for each in examined.open_questions] == ["key-refused-or-lost"]


def test_a_key_that_one_part_lets_in_and_another_refuses_is_told() -> None:
    """Two parts that want a credential: the first knows this one, the second behind it does not."""
    behind = Answer(401, "You are not authenticated.", {"WWW-Authenticate": 'Basic realm="mlflow"'})

    def answering(asked: Asked) -> Answer:
        return behind if asked.authorization == KEY else Answer(401, NGINX_401)

    with site(answering) as there:
        found = looked_at(there.url, "a-key-of-mine").finding
        stranger = looked_at(there.url, "a-key-of-no-one").finding
    assert found is not None
    assert stranger is not None
    assert (found.kind.id, stranger.kind.id) == ("key-refused-behind", "key-refused")
    assert "let in by nginx" in found.sentence
    assert "refused with 401 by MLflow's own basic-auth app behind it" in found.sentence


def test_a_gateway_that_wants_a_signature_is_told() -> None:
    """A key where AWS looks for a signature is refused in words about parameters; the remedy names how to sign."""
    words = "Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' parameter."
    with site(always(Answer(403, {"message": words}, {"x-amzn-ErrorType": "IncompleteSignatureException"}))) as there:
        found = looked_at(there.url, "a-key-of-mine").finding
    assert found is not None
    assert "wants requests signed by AWS keys" in found.sentence
    assert "MLFLOW_TRACKING_AWS_SIGV4" in found.remedy


@pytest.mark.parametrize(
    ("key", "told"),
    [
        ("Bearer a-key-of-mine", "it begins with 'Bearer', and the MLflow client adds 'Bearer' itself"),
        ('"a-key-of-mine"', "it stands in quotes"),
        ("$REGISTRY_KEY", "the name of a variable"),
        ("another-key", ""),
    ],
)
def test_what_stands_around_a_refused_key_is_told(key: str, told: str) -> None:
    """A scheme, quotes or the name of a variable sent with a key is seen in the key itself, which is not repeated."""
    with site(guarded(KEY, Answer(401, NGINX_401))) as there:
        found = looked_at(there.url, key).finding
    assert found is not None
    assert found.kind.id == "key-refused"
    assert told in found.sentence
    assert key not in found.sentence
    assert ("to the key alone" in found.remedy) is bool(told)


def test_a_password_where_a_token_is_wanted_is_told() -> None:
    """A challenge that names Bearer is no matter of a wrong password."""
    with site(always(Answer(401, NGINX_401, {"WWW-Authenticate": "Bearer realm=x"}))) as there:
        found = looked_at(there.url, Password("ada", "secret-word")).finding
    assert found is not None
    assert "wants a token (Bearer)" in found.sentence
    assert "set MLFLOW_TRACKING_TOKEN" in found.remedy


def test_an_mlflow_whose_searches_alone_get_no_answer_is_told() -> None:
    """The version comes at once and a search never: nothing is wrong with the address, and it is MLflow's database."""
    over = threading.Event()

    def answering(asked: Asked) -> Answer:
        if asked.path.startswith(SEARCH_PATH):
            over.wait()
        return mlflow(asked)

    with site(answering) as there:
        found = examine(Door("given", there.url, 0.5), None, "run-1", 0.5).finding
        over.set()
    assert found is not None
    assert (found.kind.id, found.kind.layer) == ("mlflow-fails", "mlflow")
    assert "its database most likely" in found.sentence


@pytest.mark.parametrize(
    ("location", "own_store", "direct"),
    [("s3://bucket/1", True, True), ("s3://bucket/1", False, False), ("mlflow-artifacts:/1", True, False)],
)
def test_who_has_store_credentials_may_pass_the_door_by(location: str, *, own_store: bool, direct: bool) -> None:
    """Artifacts in a bucket are no fault for a client with credentials for it: they are not seen, and that is owed."""
    experiment = {"experiment_id": "1", "name": "one", "artifact_location": location}

    def answering(asked: Asked) -> Answer:
        return Answer(200, {"experiments": [experiment]}) if asked.path.startswith(SEARCH_PATH) else mlflow(asked)

    with site(answering) as there:
        facts = Facts()
        target = target_at(Door("given", there.url, own_store=own_store), None)
        (door,) = examine_target(target, "run-1", facts).target.doors
    assert (door.direct, [fact.name for fact in facts.missed]) == (direct, ["put.P"] if direct else [])


def test_a_client_name_that_gets_no_answer_is_told() -> None:
    """A filter that closes the connection on the client's User-Agent answers another one."""

    def answering(asked: Asked) -> Answer:
        if "mlflow" in asked.headers["user-agent"]:
            raise ConnectionAbortedError
        return mlflow(asked)

    with site(answering) as there:
        found = looked_at(there.url).finding
    assert found is not None
    assert (found.kind.id, found.kind.layer) == ("client-name-refused", "proxy")
    assert "gives no answer to the User-Agent of the MLflow client" in found.sentence


@pytest.mark.parametrize("answer", [Answer(404, FLASK_404), Answer(404, NGINX_413)])
def test_an_mlflow_whose_page_alone_is_reached_is_told(answer: Answer) -> None:
    """MLflow's page answers at the address, and its API does not: the path is changed or led elsewhere on the way."""
    page = Answer(200, "<!doctype html><html><head><title>MLflow</title></head></html>")
    with site(lambda asked: page if asked.path == "/" else answer) as there:
        found = looked_at(there.url).finding
    assert found is not None
    assert (found.kind.id, found.kind.layer) == ("api-not-passed-on", "proxy")
    assert ("changed on the way" in found.sentence) is (answer.body == FLASK_404)


def test_a_refused_client_name_is_told() -> None:
    """A proxy that refuses the User-Agent of the MLflow client alone is told as that."""

    def answering(asked: Asked) -> Answer:
        refused = asked.headers["user-agent"].startswith(("mlflow", "python"))
        return Answer(403, "<title>403 Forbidden</title>") if refused else mlflow(asked)

    with site(answering) as there:
        found = looked_at(there.url).finding
    assert found is not None
    assert found.kind.id == "client-name-refused"
    assert "answered 200" in found.sentence


@pytest.mark.parametrize(
    ("answering", "promised", "told"),
    [
        (mlflow, GUARDED, ["open-though-key-promised"]),
        (mlflow, OPEN, []),
        (guarded(KEY, Answer(401, {"detail": "no"})), GUARDED, []),
    ],
)
def test_an_open_door_that_promises_a_key_is_told(answering: Answering, promised: Policy, told: list[str]) -> None:
    """A door that lets strangers in is told as open if its policy says that a key is asked for, and only then."""
    with site(answering) as there:
        door = Door("canonical", there.url, 3.0, policy=promised)
        found = examine_target(Target("theirs", "live", (door,), {"writer": KEY.partition(" ")[2]}), "run-1", Facts())
    assert [each.kind.id for each in found.ended] == told
    assert [each.policy for each in found.target.doors] == ([OPEN] if told else [promised])


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_to_another_host_names_it_and_sends_no_key(status: int) -> None:
    """The other host is named, and neither it nor the redirecting one is sent the key."""
    with site(mlflow) as other:
        elsewhere = other.url.replace("127.0.0.1", "localhost")
        moved = lambda asked: Answer(status, "", {"Location": f"{elsewhere}{asked.path}"})  # noqa: E731 - one answer
        with site(moved) as there:
            found = looked_at(f"{there.url}/api/mlflow").finding
    assert found is not None
    assert found.kind.id == "redirect-to-another-host"
    assert elsewhere.removeprefix("http://") in found.sentence
    assert f"use {elsewhere}/api/mlflow" in found.remedy
    assert not other.asked
    assert not there.credentials


def moved_below(asked: Asked, status: int) -> Answer:
    """Answer as a host that sends every request on from one path to another, where an MLflow asks for a key."""
    path = asked.path.removeprefix("/registry-v2")
    if path != asked.path:
        return guarded(KEY, Answer(401, NGINX_401))(replace(asked, path=path))
    return Answer(status, "", {"Location": f"/registry-v2{asked.path.removeprefix('/registry')}"})


def test_a_refusal_that_is_remembered_is_not_blamed_on_the_key() -> None:
    """Kind: a probe that makes the fault that it reports. A cache of refusals by address is told as that."""
    answers: dict[str, Answer] = {}
    checked = guarded(KEY, Answer(401, NGINX_401))
    with site(lambda asked: answers.setdefault(asked.path, checked(asked))) as there:
        found = looked_at(there.url).finding
    assert found is not None and found.kind.id == "refusal-remembered"
    with site(always(Answer(401, NGINX_401))) as there:  # control: a key that is refused everywhere is refused
        refused = looked_at(there.url).finding
    assert refused is not None and refused.kind.id != "refusal-remembered"


@pytest.mark.parametrize("status", [307, 308])
def test_a_redirect_that_clients_follow_is_followed(status: int) -> None:
    """Kind: unfamiliar is not broken. Method, body and host are kept: what answers there is examined."""
    keys_first = guarded(KEY, Answer(401, NGINX_401), lambda asked: moved_below(asked, status))
    for answering in (lambda asked: moved_below(asked, status), keys_first):
        with site(answering) as there:
            found = looked_at(f"{there.url}/registry")
        assert (found.finding, found.moved) == (None, f"{there.url}/registry-v2")


@pytest.mark.parametrize("status", [301, 302, 303])
def test_a_redirect_that_loses_the_request_ends_it(status: int) -> None:
    """A redirect after which a POST becomes a GET is told, with the address to use."""
    with site(lambda asked: moved_below(asked, status)) as there:
        found = looked_at(f"{there.url}/registry")
        assert found.finding is not None and found.finding.remedy == f"use {there.url}/registry-v2"
    assert not found.moved


def test_redirects_that_go_on_and_on_end_it() -> None:
    """One step is followed; a host that sends each request on again is told, after few requests."""
    with site(lambda asked: Answer(307, "", {"Location": f"/on{asked.path}"})) as there:
        assert looked_at(there.url).finding is not None
    assert len(there.asked) < 10


def test_a_redirect_to_https_names_the_address() -> None:
    """The same host under https is told as the address to use, and no key is sent in the clear."""
    moved = lambda asked: Answer(308, "", {"Location": f"https://127.0.0.1{asked.path}"})  # noqa: E731 - one answer
    with site(moved) as there:
        found = looked_at(f"{there.url}/api/mlflow").finding
    assert found is not None
    assert (found.kind.id, found.remedy) == ("redirect-to-https", "use https://127.0.0.1/api/mlflow")
    assert not there.credentials


@pytest.mark.parametrize(
    "answer",
    [
        Answer(302, "", {"Location": "https://sso.example.com/realms/x/auth?client_id=mlflow&redirect_uri=y"}),
        Answer(302, "", {"Location": "/oauth2/sign_in?rd=%2F"}),
        Answer(200, "<title>Sign in</title><form action='/login'><input type='password'></form>"),
        Answer(403, "<title>Sign In</title><form method='GET' action='/oauth2/start'><button>Go</button></form>"),
    ],
)
def test_a_page_to_sign_in_is_told(answer: Answer) -> None:
    """A page for persons in the place of the API is told as that, whether it is near or far."""
    with site(always(answer)) as there:
        found = looked_at(there.url).finding
    assert found is not None
    assert found.kind.id == "login-page"


def test_strangers_sent_to_sign_in_do_not_end_it_for_who_has_a_key() -> None:
    """A registry that sends strangers to a page to sign in and lets keys in is an MLflow."""
    login = Answer(302, "", {"Location": "/login?next=/"})
    with site(guarded(KEY, login)) as there:
        found = looked_at(there.url)
    assert (found.finding, found.version) == (None, "3.17.2")


@pytest.mark.parametrize(
    ("answer", "kind", "told"),
    [
        (Answer(500, {"error_code": "INTERNAL_ERROR", "message": "no such table"}), "mlflow-fails", "no such table"),
        (Answer(500, FLASK_500), "mlflow-fails", "MLflow itself fails"),
        (Answer(500, {"error_code": "INTERNAL_ERROR", "message": "x"}), "everything-fails", "what answers in its form"),
        (Answer(500, "Internal Server Error"), "everything-fails", "Internal Server Error"),
        (Answer(502, NGINX_413), "nothing-behind-the-proxy", "nginx answers 502"),
        (Answer(503, "no healthy upstream"), "nothing-behind-the-proxy", "Envoy answers 503"),
        (Answer(503, "<h1>Down for maintenance</h1>", {"Retry-After": "120"}), "unavailable", "Down for maintenance"),
        (Answer(429, "<title>Slow down</title>", {"Retry-After": "7"}), "throttled", "Slow down"),
    ],
)
def test_what_fails_on_everything_is_told_in_its_words(answer: Answer, kind: str, told: str) -> None:
    """A registry that fails on everything is told by who fails, in whose words, and when to try again."""
    with site(always(answer)) as there:
        found = looked_at(there.url).finding
    assert found is not None
    assert found.kind.id == kind
    assert told in found.sentence
    assert answer.headers.get("Retry-After", "") in found.remedy


def test_one_request_that_fails_does_not_end_it() -> None:
    """Where a search fails and other requests do not, what is wrong is further in."""

    def answering(asked: Asked) -> Answer:
        broken = asked.path.startswith(SEARCH_PATH)
        return Answer(500, {"error_code": "INTERNAL_ERROR", "message": "x"}) if broken else Answer(200, {})

    with site(answering) as there:
        assert looked_at(there.url).finding is None


@pytest.mark.parametrize(
    ("header", "product"),
    [
        ({"Server": "envoy"}, "envoy"),
        ({"Server": "nginx/1.25"}, "nginx"),
        ({"Server": "awselb/2.0"}, "aws-alb"),
        ({"Server": "cloudflare", "CF-RAY": "1"}, "cloudflare"),
        ({"Server": "uvicorn"}, "application"),
        ({"Server": "uvicorn", "Via": "1.1 Caddy"}, "caddy"),
        ({}, "unknown"),
    ],
)
def test_who_answers_is_known_by_what_it_says(header: dict[str, str], product: str) -> None:
    """The product in front is told by its headers, and nothing is guessed if it says nothing."""

    def answering(asked: Asked) -> Answer:
        answer = mlflow(asked)
        return Answer(answer.status, answer.body, header)

    with site(answering) as there:
        assert looked_at(there.url).product.id == product


def test_a_document_of_mlflow_s_errors_is_one_of_mlflow() -> None:
    """An error of MLflow's own about the search leaves the matter to the probes."""
    error = Answer(400, {"error_code": "INVALID_PARAMETER_VALUE", "message": "workspace"})
    answering: Answering = lambda asked: error if SEARCH_PATH in asked.path else mlflow(asked)  # noqa: E731 - as above
    with site(answering) as there:
        assert looked_at(there.url).finding is None
        assert json.dumps(error.body)
