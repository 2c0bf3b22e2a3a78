"""What failed comes first, the store's own word is believed, and what cannot be told is not told."""

from __future__ import annotations

import re
from typing import Any

import pytest

from registry_conformance.judge.diagnosis.bands import Band
from registry_conformance.judge.diagnosis.cause import Cause, clue, must
from registry_conformance.judge.diagnosis.causes import BY_ID, CAUSES
from registry_conformance.judge.diagnosis.causes.load import CAUSES as LOAD_CAUSES
from registry_conformance.judge.diagnosis.client_words import CLIENT_KINDS
from registry_conformance.judge.diagnosis.diagnosis import conclude
from registry_conformance.judge.diagnosis.facts import Facts
from registry_conformance.judge.diagnosis.failure_signature import failure_signature
from registry_conformance.judge.diagnosis.named import STORE_REFUSES, UNKNOWN, Named
from registry_conformance.judge.diagnosis.patterns import folded, known_patterns, likeness, unfolded
from registry_conformance.judge.diagnosis.preflight.finding import KINDS, Kind
from registry_conformance.judge.diagnosis.preflight.products import NAMES
from registry_conformance.judge.diagnosis.preflight.server_words import SERVER_KINDS
from registry_conformance.judge.diagnosis.summarize import s3_code

FINE = "200|fine|whole|all 200|there|none"


def table(**seen: str) -> Facts:
    """Return facts by name, ``__`` for a dot; what begins with ``200`` or is fine, whole or there is healthy."""
    facts = Facts()
    for name, value in seen.items():
        facts.record(name.replace("__", "."), value, f"{name} is {value}", f"({FINE}).*")
    return facts


def exchange(status: int | None, path: str = "/api/2.0/mlflow-artifacts/artifacts/1/x") -> Any:
    """Return the evidence of one exchange, as far as it matters here."""
    return {"kind": "exchange", "method": "PUT", "url": f"http://door{path}", "status": status}


def outage(*statuses: int | None) -> Named:
    """Return a cause under which these statuses come."""
    signature = failure_signature(exchange(status) for status in statuses)
    return Named("outage", "network", "all is down", Band.LIKELY, (), "start it", "x", failure_signature=signature,
                 requirements=frozenset({"REG-001"}), everything=True)  # fmt: skip


def test_a_matter_of_form_is_a_note_beside_a_step_that_failed() -> None:
    """Uploads are 404 and a challenge is missing: the route comes first, the header is not its cause."""
    seen = table(
        put__P="404 html", route__upload__P="all 404 html", route__listing__P="all 404 html", list__P="404 html",
        get__P="404 html", put__O="200 empty", doors__search__P="all 200 json", head__id__P="an id",
        key__none__P="401 json", key__bad__P="401 json",
    )  # fmt: skip
    found = conclude(seen, ["REG-001", "RTE-003", "AUT-018"]).causes

    assert found[0].id == "artifact-route-missing"
    assert "challenge-missing" not in [each.id for each in found[:1]]


REPLACED = {"error.absent.P": "404", "error.bad.P": "400", "register.lookup.P": "404"}
"""What the pages that replace errors look like: the client ends at the first error that it needs."""


@pytest.mark.parametrize(
    ("known", "first"),
    [
        (REPLACED, "errors-replaced-by-page"),
        (REPLACED | {"register.lookup.P": "403"}, "errors-replaced"),
        ({name: REPLACED[name] for name in ("error.absent.P", "error.bad.P")}, "errors-replaced"),
    ],
    ids=["seen to end it so", "seen to end it otherwise", "never seen to end it"],
)
def test_a_cause_that_was_seen_to_end_a_registration_so_comes_before_general_words(
    known: dict[str, str], first: str
) -> None:
    """A matter of form is the cause of a failed step where the proof saw it break that step with the same answer."""
    seen = table(error__absent__P="404 html", error__bad__P="400 html", register__lookup__P="404 html code-lost")
    found = conclude(seen, known={"errors-replaced-by-page": [known]}).causes

    assert found[0].id == first
    assert "errors-replaced-by-page" in [each.id for each in found]


@pytest.mark.parametrize(
    ("code", "layer"), [("QuotaExceeded", "store"), ("XMinioStorageFull", "store"), ("NotImplemented", "store")]
)
def test_a_code_of_the_store_that_no_cause_has_is_told_as_it_is(code: str, layer: str) -> None:
    """No role, key or throttle is blamed for what the store refuses by another name."""
    status = {
        "QuotaExceeded": "403 json PERMISSION_DENIED",
        "NotImplemented": "501 json",
        "XMinioStorageFull": "507 json",
    }
    said = f"{status[code]} s3:{code}"
    seen = table(
        put__P=said, put__O=said, multipart__create__P="200 json", multipart__part__P="403 xml", list__P="200 json",
        seed__get__P="200 whole", pace__said__P="503", log__s3__O=f"PutObject:{code}", doors__search__P="all 200 json",
    )  # fmt: skip
    first = conclude(seen, ["REG-001", "ART-001"]).causes[0]

    assert (first.id, first.layer) == (STORE_REFUSES, layer)
    assert first.sentence.startswith(f"the store refuses PutObject: {code}")


@pytest.mark.parametrize("name", ["encryption-key-denied", "put-object-denied", "store-throttles-writes"])
def test_a_cause_that_contradicts_the_store_is_impossible(name: str) -> None:
    """Whatever its clues say, a cause of one code is not named while the store says another."""
    seen = table(put__P="403 json s3:QuotaExceeded", log__s3__O="PutObject:QuotaExceeded")
    plain = Cause(name, "iam", "uploads-fail", "s", "r", (), (must("put.P", "403", 3),), codes=BY_ID[name].codes)

    assert conclude(seen, (), [plain]).causes[0].id == STORE_REFUSES


def test_a_must_that_is_unseen_names_nothing() -> None:
    """DELETE was never sent: that the role may not delete is not said."""
    seen = table(deleted__P="still there", get__P="200 whole", list__P="200 json")
    assert "deletions-have-no-effect" not in [each.id for each in conclude(seen).causes]


def test_what_no_cause_explains_has_no_layer_unless_a_comparison_shows_one() -> None:
    """Seen through the door alone, an upload that fails is nobody's; seen straight from MLflow too, it is."""
    alone = conclude(table(put__P="599 odd")).causes[0]
    compared = conclude(table(put__P="599 odd", put__O="200 empty")).causes[0]

    assert (alone.id, alone.layer) == (UNKNOWN, "")
    assert "straight to MLflow" in alone.remedy
    assert (compared.id, compared.layer) == (UNKNOWN, "proxy")


def test_the_requirements_that_failed_tell_a_layer_if_nothing_can_be_compared() -> None:
    """Three requirements of the proxy's failed, and one of MLflow's."""
    kept_by = {"RTE-001": "proxy", "RTE-002": "proxy", "ART-001": "mlflow", "AUT-001": "auth"}
    (found,) = conclude(table(put__P="599"), ["RTE-001", "RTE-002", "ART-001"], (), kept_by=kept_by).causes
    assert found.layer == "proxy"


def test_requirements_of_mlflow_tell_no_layer_by_themselves() -> None:
    """They fail whatever is broken before or behind it."""
    kept_by = {"REG-001": "mlflow", "REG-002": "mlflow", "RTE-001": "proxy"}
    (found,) = conclude(table(put__P="599"), list(kept_by), (), kept_by=kept_by).causes
    assert found.layer == ""


def test_a_cause_is_likely_only_if_all_looks_as_it_does_then() -> None:
    """The same clues amid other oddities are possible at most, or nothing that fits."""
    only = Cause("only", "proxy", "uploads-fail", "s", "r", (), (must("put.P", "404", 3), clue("list.P", "404")))
    known = {"only": [{"put.P": "404", "list.P": "404"}]}
    like = table(put__P="404 html", list__P="404 html")
    half = table(put__P="404 html", list__P="404 html", get__P="500", presign__P="500")
    unlike = table(put__P="404 html", list__P="404 html", **{f"meta__x{number}__P": "500" for number in range(8)})

    assert [(each.id, each.band) for each in conclude(like, (), [only], known=known).causes] == [("only", Band.CERTAIN)]
    assert conclude(half, (), [only], known=known).causes[0].band is Band.POSSIBLE
    assert conclude(unlike, (), [only], known=known).causes[0].id == UNKNOWN


def test_two_causes_that_look_alike_are_possible() -> None:
    """What two causes explain equally well is certain for neither."""
    twins = [Cause(name, "proxy", "uploads-fail", "s", "r", (), (must("put.P", "404", 3),)) for name in ("a", "b")]
    known = {name: [{"put.P": "404"}] for name in ("a", "b")}
    assert conclude(table(put__P="404"), (), twins, known=known).causes[0].band is Band.POSSIBLE


def test_a_setting_of_a_product_is_told_only_where_that_product_was_seen() -> None:
    """The remedy in general words, and the product's line if that product answered."""
    only = Cause("only", "proxy", "uploads-fail", "s", "raise the limit", (), (must("put.P", "413", 3),),
                 settings={"nginx": "client_max_body_size 0"})  # fmt: skip
    plain = conclude(table(put__P="413"), (), [only]).causes[0]
    nginx = conclude(table(put__P="413", first__product__P="nginx"), (), [only], known={"only": [{"put.P": "413"}]})

    assert plain.remedy == "raise the limit"
    assert [each.remedy for each in nginx.causes if each.id == "only"] == ["raise the limit (client_max_body_size 0)"]


def test_a_requirement_that_failed_tells_what_no_probe_could_see() -> None:
    """Of a clue with two ways to show, the one that showed is what was observed; neither of them names nothing."""
    either = must("seen.expect.O", "not told", 3, or_red="ART-035")
    only = Cause("only", "proxy", "large-files", "s", "r", ("ART-035",), (either,))
    seen, red = table(seen__expect__O="not told"), ["ART-035"]

    assert conclude(seen, (), [only]).causes[0].observations == ("seen__expect__O is not told",)
    assert conclude(table(), red, [only]).causes[0].observations == ("ART-035 failed",)
    assert conclude(table(put__P="500"), (), [only]).causes[0].id == UNKNOWN


def test_an_outage_explains_only_what_met_it() -> None:
    """A check that failed with a real answer is not explained by what came later."""
    down = outage(None, 503)

    assert down.explains(["REG-001"], [exchange(None)])
    assert down.sweeps([exchange(503)])
    assert not down.explains(["REG-001"], [exchange(404)])
    assert not down.explains(["REG-001"], [exchange(200)])
    assert not down.sweeps([exchange(404)])


def test_who_got_no_answer_did_not_meet_a_refusal() -> None:
    """A check that met silence alone is not explained by a cause under which answers come."""
    refused = outage(404)

    assert not refused.explains(["REG-001"], [exchange(None)])
    assert refused.explains(["REG-001"], [])


def test_patterns_are_kept_by_value_and_read_back() -> None:
    """What is folded unfolds to the same, and what could not be seen counts neither way."""
    pattern = {"put.P": "404", "put.O": "404", "list.P": "500"}

    assert unfolded(folded(pattern)) == pattern
    assert likeness([pattern], table(put__P="404 html", list__P="500")) == 1.0
    assert likeness([pattern], table(put__P="404 html", list__P="200")) == 0.5
    assert likeness([], table(put__P="404")) is None


def test_every_cause_was_made_once_and_seen() -> None:
    """What each cause looks like is known, so that each can be called likely; but no probe makes what a load shows."""
    under_load = {each.id for each in LOAD_CAUSES}

    assert sorted({each.id for each in CAUSES} - set(known_patterns())) == sorted(under_load)


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("An error occurred (QuotaExceeded) when calling the PutObject operation: no more", "QuotaExceeded"),
        ("An error occurred (KMS.DisabledException) when calling the PutObject operation", "KMS.DisabledException"),
        ("<Error><Code>XMinioStorageFull</Code><Message>x</Message></Error>", "XMinioStorageFull"),
        ("The artifact storage refused PutObject with NotImplemented.", "NotImplemented"),
        ("The artifact storage is unavailable (SlowDown: reduce your rate); try again.", "SlowDown"),
        ("The artifact storage is unavailable (EndpointConnectionError); try again.", "unreachable"),
        ("An error occurred (404) when calling the HeadObject operation: Not Found", "NotFound"),
        ("hello (World)", ""),
    ],
)
def test_the_store_is_quoted_wherever_its_code_stands(said: str, code: str) -> None:
    """boto3, S3 and the reference's MLflow each say the code in their own way, and any code is read."""
    assert s3_code(said) == code


def test_a_body_limit_names_the_line_of_the_proxy_that_answers() -> None:
    """Small uploads work and one of a MiB is 413, by nginx: its own line is in the remedy."""
    limited = dict.fromkeys(("size.1m.P", "ladder.put.P", "chunked.P"), "413 html nginx")
    facts = table(put__P="200 empty", first__product__P="nginx")
    for name, value in limited.items():
        facts.record(name, "1m " * name.startswith("ladder") + value, f"{name} is {value}", "200.*|all")
    first = conclude(facts).causes[0]

    assert (first.id, first.layer) == ("body-limit", "proxy")
    assert "client_max_body_size 0" in first.remedy


def test_a_stale_listing_is_weighed_before_a_permission() -> None:
    """What was stored and is not listed yet is not told as a role that may not list."""
    seen = table(
        put__P="200 empty", stored__P="whole", list__P="500 json empty", get__P="200 whole", list__O="500 json empty"
    )
    facts = Facts()
    for fact in seen.values():
        value = fact.value.replace("500 json empty", "200 json empty")
        facts.record(fact.name, value, fact.sentence, "200 empty|200 whole|whole")
    assert conclude(facts).causes[0].id == "listing-is-stale"


PRODUCT_WORDS = re.compile(
    r"\b(?:envoy|nginx|openresty|haproxy|caddy|apache|httpd|traefik|istio|kong|cloudflare|cloudfront|akamai|varnish|squid|"
    r"ext_authz|lua|njs|xds|alb|awselb|listeners?|\w+\.(?:lua|ya?ml|conf|cfg)|[a-z]+(?:_[a-z]+)+)\b",
    re.IGNORECASE,
)
"""What only a product has: its name, its files, its settings."""
OURS = re.compile(
    r"\b(?:(?:MLFLOW|AWS|HTTPS?|NO|REQUESTS|AUTH|FLASK)_\w+|is_valid|(?:user|service)_id|client_ip|expires_at|artifact_location|"
    r"next_page_token|restore_(?:run|experiment)|unquote_plus|(?:access|secret)_key)\b"
)
"""Names of MLflow, of S3, of the key service, and of Python."""


def of_a_product(text: str) -> str:
    """Return the first word of a text that only a product has, empty if there is none."""
    found = PRODUCT_WORDS.search(OURS.sub("", text))
    return found[0] if found else ""


@pytest.mark.parametrize("product", ["", *NAMES])
def test_a_remedy_names_no_product_but_the_one_that_was_seen(product: str) -> None:
    """Of every cause, beside every product: in general words, with that product's own line at most."""
    for cause in CAUSES:
        told = cause.remedy_at(product).removesuffix(f" ({cause.settings.get(product)})")
        assert of_a_product(f"{cause.sentence} {told}") == "", cause.id
        others = [line for name, line in cause.settings.items() if name != product]
        assert not [line for line in others if line in cause.remedy_at(product)], cause.id


def test_settings_are_of_products_that_can_be_seen() -> None:
    """A line that mends something belongs to a product that the preflight knows by name."""
    assert {name for cause in CAUSES for name in cause.settings} <= set(NAMES)


@pytest.mark.parametrize("kind", [*KINDS, *CLIENT_KINDS, *SERVER_KINDS], ids=lambda kind: kind.id)
def test_a_kind_names_no_product(kind: Kind) -> None:
    """What is found before causes are ranked names a product only in the sentence of the case at hand."""
    assert of_a_product(f"{kind.title} {kind.remedy}") == ""


def test_two_causes_that_do_not_hide_each_other_are_both_named() -> None:
    """Each explains oddities of its own, and what is odd of the other counts against neither."""
    one = Cause("one", "proxy", "uploads-fail", "s", "r", (), (must("put.P", "404", 3),))
    two = Cause("two", "auth", "valid-key-refused", "s", "r", (), (must("key.apikey.P", "401", 3),))
    known = {"one": [{"put.P": "404", "put.again.P": "404"}], "two": [{"key.apikey.P": "401"}]}
    found = conclude(table(put__P="404", put__again__P="404", key__apikey__P="401"), (), [one, two], known=known)
    assert [(each.id, each.alternative) for each in found.causes] == [("one", False), ("two", False)]


@pytest.mark.parametrize(
    ("value", "words"),
    [("all 429 html nginx", "throttled before MLflow"), ("all 403 html", "answered before MLflow")],
)
def test_an_error_in_another_form_than_mlflow_s_is_of_what_stands_before_it(value: str, words: str) -> None:
    """Seen through the door alone, a page of a proxy's own is the proxy's, and MLflow's own 404 is not."""
    (found,) = conclude(table(doors__search__P=value), (), ()).causes
    (own,) = conclude(table(doors__search__P="all 404 html flask"), (), ()).causes

    assert found.layer == "proxy" and words in found.sentence
    assert own.layer == ""
