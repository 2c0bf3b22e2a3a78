"""A key that is lacking, refused or lost on its way: by whom, in whose words, and what to do; each in one sentence."""

from __future__ import annotations

import base64
import json
import time
from email.utils import formatdate

import pytest

from registry_conformance.judge.diagnosis.facts import Facts
from registry_conformance.judge.diagnosis.preflight import examine
from registry_conformance.judge.diagnosis.preflight.target import examine_target
from registry_conformance.judge.target.credential import AwsSignature, Password
from registry_conformance.judge.target.policy import GUARDED, OPEN, Policy
from registry_conformance.judge.target.target import Door, Target
from tests.refusal_pages import KEY, NGINX_401, NGINX_403
from tests.web_answers import Answer, Answering, Asked, always, guarded, looked_at, mlflow, site


@pytest.mark.parametrize(
    ("refusal", "told"),
    [
        (Answer(401, NGINX_401, {"WWW-Authenticate": 'Basic realm="x"'}), ("nginx", "401 Authorization Required")),
        (Answer(401, NGINX_401, {"WWW-Authenticate": 'Basic realm="mlflow"'}), ("nginx, which requires",)),
        (Answer(401, {"detail": "Invalid or expired API key"}), ("the platform's API", "Invalid or expired API key")),
        (
            Answer(401, "You are not authenticated.", {"WWW-Authenticate": 'Basic realm="mlflow"'}),
            ("MLflow's own basic-auth app", "You are not authenticated."),
        ),
        (
            Answer(401, {"error_code": "UNAUTHENTICATED", "message": "unknown key"}),
            ("MLflow, or another part in its error form", "unknown key"),
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
    assert found.kind.layer == ("client" if found.kind.id == "password-wanted" else "auth")


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


def test_a_token_for_another_service_lacks_no_right() -> None:
    """A 403 whose challenge calls the token invalid is told in its words, with the audience and issuer to look at."""
    challenge = {"WWW-Authenticate": 'Bearer realm="x", error="invalid_token"', "Server": "envoy"}
    refusal = Answer(403, "Audiences in Jwt are not allowed", challenge)
    with site(lambda asked: refusal if asked.authorization else Answer(401, "Jwt is missing")) as there:
        found = looked_at(there.url).finding
    assert found is not None
    assert found.kind.id == "key-refused"
    assert "audience (aud)" in found.remedy


def test_google_s_proxy_is_told_to_take_tokens_of_its_own() -> None:
    """A key that Google's Identity-Aware Proxy cannot read is no key for it, whoever issued it."""
    refusal = Answer(401, "Invalid IAP credentials: Unable to parse JWT", {"X-Goog-IAP-Generated-Response": "true"})
    with site(always(refusal)) as there:
        found = looked_at(there.url).finding
    assert found is not None
    assert found.kind.id == "key-refused"
    assert "ID token" in found.remedy


@pytest.mark.parametrize(
    ("page", "kind"), [(NGINX_403, "refused-by-the-proxy-itself"), ({"detail": "Forbidden"}, "key-lacks-right")]
)
def test_a_proxy_s_own_page_of_403_is_no_word_about_rights(page: object, kind: str) -> None:
    """nginx refuses by its rules and for its auth service with the same page: neither is told as sure."""
    refusal = Answer(403, page)
    with site(lambda asked: refusal if asked.authorization else Answer(401, NGINX_401)) as there:
        found = looked_at(there.url).finding
    assert found is not None
    assert (found.kind.id, found.kind.sure) == (kind, kind == "key-lacks-right")


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


@pytest.mark.parametrize(("ahead", "told"), [(0, "agrees with this machine's"), (-300, "5 minutes behind this")])
def test_a_token_that_is_too_early_by_the_challenge_is_the_operators(ahead: int, told: str) -> None:
    """The reason may stand in the challenge of a proxy's page alone; a clock is at fault, and not the user's key."""
    text = json.dumps({"iat": time.time(), "exp": time.time() + 3600}).encode()
    token = f"e30.{base64.urlsafe_b64encode(text).decode().rstrip('=')}.c2ln"
    challenge = 'Bearer error="invalid_token", error_description="The token is not yet valid (iat)"'
    headers = {"WWW-Authenticate": challenge, "Date": formatdate(time.time() + ahead, usegmt=True)}
    with site(always(Answer(401, NGINX_401, headers))) as there:
        found = looked_at(there.url, token).finding
    assert found is not None
    assert (found.kind.id, found.kind.whose) == ("token-not-valid-yet", "the operator's")
    assert told in found.sentence
    assert "use a key that is valid" not in found.remedy


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
    assert "requires requests signed with AWS keys" in found.sentence
    assert "MLFLOW_TRACKING_AWS_SIGV4" in found.remedy


def test_a_signature_in_the_place_of_a_key_is_told() -> None:
    """Who signs because a variable says so sends no key: where that is refused, the remedy names the variable."""
    signature = AwsSignature("eu-west-1", "AKIAEXAMPLE", "a-secret-of-mine")
    with site(always(Answer(401, "<html><hr><center>nginx</center></html>"))) as there:
        found = examine(Door("given", there.url), signature, "run-1").finding
    assert found is not None
    assert found.kind.id == "key-refused"
    assert "unset MLFLOW_TRACKING_AWS_SIGV4" in found.remedy


@pytest.mark.parametrize(
    ("key", "told"),
    [
        ("Bearer a-key-of-mine", "it begins with 'Bearer', and the MLflow client adds 'Bearer' itself"),
        ("eW91ci1rZXktb2YtdGhlLXJlZ2lzdHJ5", "it is base64 of a readable text"),
        ("ZXZhOndpbnRlci0yMDI2", "it is base64 of a user and a password"),
        ("export MLFLOW_TRACKING_TOKEN=a-key", "it begins with the name of a variable and '='"),
        ("JBSWY3DPEHPK3PXP====", ""),
        ("${{ secrets.MLFLOW_TOKEN }}", "it is the name of a variable"),
        ("op://vault/mlflow/token", "it is the place of a secret"),
        ("/run/secrets/mlflow-token", "it is the path of a file"),
        ('{"token": "a-key-of-mine"}', "it is a JSON document"),
        ("hk_****************wxyz", "it was copied from where keys are hidden"),
        ("a-key-of-mine\\n", "it ends with"),
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
    never_a_key = key.startswith(("Bearer ", "export ", "$", '"'))
    assert found.kind.id == ("key-is-something-else" if never_a_key else "key-refused")
    assert told in found.sentence
    assert key not in found.sentence
    assert ("to the key alone" in found.remedy) is bool(told)


def test_a_password_where_a_token_is_wanted_is_told() -> None:
    """A challenge that names Bearer is no matter of a wrong password."""
    with site(always(Answer(401, NGINX_401, {"WWW-Authenticate": "Bearer realm=x"}))) as there:
        found = looked_at(there.url, Password("ada", "secret-word")).finding
    assert found is not None
    assert "requires a token (Bearer)" in found.sentence
    assert "set MLFLOW_TRACKING_TOKEN" in found.remedy


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
