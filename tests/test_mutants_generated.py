"""Mutants are made by rules: each is another deployment, has an id of its own, and the same one every time."""

from __future__ import annotations

import ast
import itertools
import json
import re
import tomllib
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
import yaml

from registry_conformance.judge.locations import DOCKER
from registry_conformance.lab.deployment import REFERENCE
from registry_conformance.proof.mutants import (
    coverage,
    lua_source,
    policy_rules,
    python_source,
    settings,
    statements,
    traffic,
)
from registry_conformance.proof.mutants.catalogue import catalogue, sample
from registry_conformance.proof.mutants.families import header_tokens
from registry_conformance.proof.mutants.mutant import KINDS, Mutant, changed_line, numbered, with_file


def named(place: str) -> list[Mutant]:
    """Return the mutants of a place."""
    return [mutant for mutant in catalogue().values() if mutant.place == place]


def ids_of_a_few() -> list[str]:
    """Return the ids of mutants of some kinds, generated anew."""
    few = (settings, policy_rules, lua_source)
    made = itertools.chain.from_iterable(one.mutants() for one in few)
    return [each.id for each in numbered(made)]


def test_ids_are_the_same_each_time() -> None:
    """Generating again gives the same ids in the same order, and no two mutants share one."""
    first, again = ids_of_a_few(), ids_of_a_few()

    assert first == again
    assert set(first) < set(catalogue())
    assert len(catalogue()) > 5000


def test_each_layer_and_kind_has_mutants() -> None:
    """Every kind there is has mutants, and every layer that a defect is mended in."""
    assert {mutant.kind for mutant in catalogue().values()} == set(KINDS)
    assert {mutant.layer for mutant in catalogue().values()} == {"proxy", "auth", "keys", "mlflow", "store", "client"}


def test_a_sample_is_drawn_by_its_seed_and_of_all_alike() -> None:
    """Equal seeds draw equal samples, other seeds others; a longer one begins like a shorter, no group is left out."""
    known = list(catalogue().values())
    groups = {(mutant.layer, mutant.kind, mutant.proxy) for mutant in known}
    drawn = sample(known, 40, 7)
    shares = Counter((mutant.layer, mutant.kind, mutant.proxy) for mutant in drawn)

    assert drawn == sample(known, 40, 7)
    assert drawn[:20] == sample(known, 20, 7)
    assert drawn != sample(known, 40, 8)
    assert set(shares) == groups
    assert max(shares.values()) - min(shares.values()) <= 1


def test_a_new_mutant_leaves_the_others_of_a_sample() -> None:
    """One mutant more changes at most one place of a sample."""
    known = list(catalogue().values())
    more = replace(known[0], how="another change of the same place")

    assert len(set(sample(known, 40, 7)) - set(sample([*known, more], 40, 7))) <= 1


@pytest.mark.parametrize("generator", [settings, policy_rules, traffic], ids=lambda each: each.__name__.split(".")[-1])
def test_a_mutant_is_another_deployment(generator: object) -> None:
    """No mutant of a value is the reference, and none is another one's."""
    made = [mutant.change(REFERENCE) for mutant in generator.mutants()]  # type: ignore[attr-defined] # a module

    assert REFERENCE not in made
    assert [one for one, count in Counter(made).items() if count > 1] == []


def test_every_field_of_the_parts_is_mutated() -> None:
    """Each field of every part has mutants, but those that mutants of another kind are about."""
    places = {mutant.place for mutant in settings.mutants()}
    fields = {
        f"{part}.{name}"
        for part in ("proxy", "auth", "keys", "mlflow", "client")
        for name in type(getattr(REFERENCE, part)).__dataclass_fields__
    }

    assert fields - places == {"auth.policy", "auth.restarts"}


@pytest.mark.parametrize(
    ("place", "how"),
    [
        (
            "docker/proxy/listeners.yaml:registry/filter_chains/0/filters/envoy.filters.network.http_connection_manager/merge_slashes",
            "true -> false",
        ),
        ("docker/proxy/routes.yaml:registry/registry/routes/rest/route/timeout", '"60s" -> "30s"'),
        (
            "docker/proxy/routes.yaml:registry/registry/routes/artifacts/match/safe_regex/regex",
            '.../artifacts(?:/.+)?"... -> .../artifacts(?:/.*)?"...',
        ),
        ("docker/proxy/routes.yaml:registry/registry/routes/health", "moved behind the next one"),
        ("docker/proxy/routes.yaml:registry/registry/routes/unknown", "dropped"),
        (
            "docker/auth/policy.toml:roles/reader/rights",
            '["read", "artifact-read"] -> ["read", "artifact-read", "write"]',
        ),
        ("proxy.trusts_identity", "False -> True"),
    ],
)
def test_a_defect_that_anybody_would_think_of_is_among_them(place: str, how: str) -> None:
    """Some changes that must not be missing are there."""
    assert how in [mutant.how for mutant in named(place)]


def routes_of(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return name -> route of a route configuration."""
    return {route["name"]: route for route in document["resources"][0]["virtual_hosts"][0]["routes"]}


def test_a_statement_is_changed_in_one_place() -> None:
    """A dropped statement is gone there alone, though others share it in the shipped file; all else stays."""
    place = "docker/proxy/routes.yaml:registry/registry/routes/rest/route/timeout"
    (dropped,) = [mutant for mutant in named(place) if mutant.how == "dropped"]
    ((path, text),) = dropped.change(REFERENCE).files
    before = routes_of(yaml.safe_load((DOCKER / "proxy" / "routes.yaml").read_text()))
    after = routes_of(json.loads(text))

    assert path == "proxy/routes.yaml"
    assert after["rest"]["route"] == {
        name: value for name, value in before["rest"]["route"].items() if name != "timeout"
    }
    assert {name for name in before if after[name] != before[name]} == {"rest"}


def test_python_operators() -> None:
    """Comparisons, boundaries, constants, calls and raises left out, exceptions swallowed: each is made."""
    source = (
        "def f(a):\n    if a < 3:\n        g(a)\n        raise ValueError\n    try:\n        return g(a)\n"
        "    except KeyError:\n        h()\n    return a\n"
    )
    texts = [text for _, _, text in python_source.changes(source)]

    for line in ("a <= 3", "a < 4", "if True:", "except KeyError:\n        pass", "return None", "return g(None)"):
        assert sum(line in text for text in texts) >= 1, line
    assert any("        pass\n        raise" in text for text in texts), "the call is left out"
    assert any("g(a)\n        pass\n" in text for text in texts), "the exception is not raised"
    assert source not in texts
    assert len(set(texts)) == len(texts)


def test_python_mutants_of_the_auth_service_are_programs() -> None:
    """Of the shipped source, next to all mutants parse: what does not would never start."""
    made = [
        mutant for mutant in catalogue().values() if mutant.place.endswith(".py:need") or "key_client" in mutant.place
    ]
    texts = [mutant.change(REFERENCE).files[0][1] for mutant in made[::5]]
    broken = [text for text in texts if not parses(text)]

    assert len(texts) > 40
    assert len(broken) <= len(texts) // 20


def parses(text: str) -> bool:
    """Return whether a text is Python."""
    try:
        ast.parse(text)
    except SyntaxError:
        return False
    return True


def test_lua_operators() -> None:
    """Comparisons, defaults and conditions of the script are turned; comments stay as they are."""
    source = '-- if a == 1\nlocal function f(a)\n  if a == 1 and b then\n    g("x")\n    return\n  end\nend\n'
    texts = [text for _, _, text in lua_source.changes(source)]

    for part in ("a ~= 1", "a == 2", "1 or b", "if true then", "if false then", 'g("")'):
        assert any(part in text for text in texts), part
    assert all(text.startswith("-- if a == 1\n") for text in texts)


def test_policy_mutants_are_policies() -> None:
    """Every mutant of the policy file is TOML, and says another thing than the shipped one."""
    shipped = tomllib.loads((DOCKER / "auth" / "policy.toml").read_text())
    said = [tomllib.loads(mutant.change(REFERENCE).files[0][1]) for mutant in policy_rules.mutants()]

    assert shipped not in said
    assert len(said) > 30


def test_traffic_of_one_family_is_no_other_familys() -> None:
    """The rule of a family finds its own paths, and not those of families that stand before it."""
    mutant = next(each for each in traffic.mutants() if each.place == "traffic to proxy: POST models")
    (rule,) = mutant.change(REFERENCE).links.proxy

    assert re.search(rule.when.path, "/api/mlflow/api/2.0/mlflow/registered-models/create")
    assert not re.search(rule.when.path, "/api/mlflow/api/2.0/mlflow/registered-models/alias")


def test_one_file_is_replaced_once() -> None:
    """A second text for the same file takes the place of the first."""
    twice = with_file("auth/rights.py", "b")(with_file("auth/rights.py", "a")(REFERENCE))

    assert twice.files == (("auth/rights.py", "b"),)


def test_trees_are_walked_but_for_what_the_stack_fills_in() -> None:
    """No mutant is about an address, a version, or the form of a message."""
    places = " ".join(mutant.place for mutant in statements.mutants())

    assert not re.search(r"/(?:@type|address|filename|version_info)(?:\s|/|$)", places)


def test_what_is_left_out_of_a_collection_is_named() -> None:
    """A collection that lacks a member is told by that member, so that checks about it are found."""
    told = {how for _, how, _ in python_source.changes('NAMES = ("first/one", "second/two")\n')}

    assert {'"first/one" left out in: NAMES = ("first/one", "second/two")'} <= told


def test_no_answer_is_given_again_before_there_was_one() -> None:
    """The grammar has no rule that repeats an answer once only: it would do nothing."""
    said = {mutant.how for mutant in traffic.mutants()}

    assert "the first answer is given again, always" in said
    assert "the first answer is given again, the first time only" not in said


def test_traffic_of_mutants_is_caused_by_some_case() -> None:
    """Every exchange that a mutant of traffic waits for is one that some case was seen to cause."""
    known = frozenset().union(*coverage.read().tokens.values())
    waited = {token for each in catalogue().values() if each.kind == "traffic" for token in each.touches}

    assert sorted(token for token in waited - known if not token.startswith("header ") and "," not in token) == []


def test_headers_that_a_change_names_are_touched() -> None:
    """A setting that drops a header is for the cases that send it; what every exchange has tells none apart."""
    (dropped,) = [each for each in named("proxy.request_headers") if each.how == "() -> (('if-none-match', None),)"]

    assert dropped.touches == {"header if-none-match"}
    assert header_tokens("X-Request-Id, Retry-After, Authorization") == {"header retry-after", "header authorization"}
    assert header_tokens("unauthorized, arrange, locations") == frozenset()


def test_where_a_plain_search_begins_is_not_zero() -> None:
    """A search from byte 0 is one from byte 1, and no mutant; one from byte 2 is."""
    made = [how for _, how, _ in lua_source.changes('local a = text:find("b", 1, true)')]

    assert [how for how in made if how.startswith("1 -> ")] == ['1 -> 2 in: local a = text:find("b", 1, true)']


def test_a_mutant_knows_the_line_that_it_changes() -> None:
    """The line of a member of a long table chooses the checks, and is no part of the name."""
    mutant = next(each for each in named("docker/auth/rights.py:module") if '"POST" -> "XXPOSTXX"' in each.how)

    assert "_rule(" in mutant.line and "POST" in mutant.line
    assert replace(mutant, line="").id == mutant.id
    assert replace(mutant, line="").words < mutant.words
    assert changed_line("a\nb\n", "a\nc\n") == "b"


def test_no_number_is_lost_where_none_is() -> None:
    """Answers that are empty, and what the key service is asked, have no number to lose; S3 clients read no type."""
    changes = {(each.place, each.how) for each in catalogue().values() if each.kind == "traffic"}

    assert ("traffic to server: POST aliases", "numbers of two digits in the answer lose one, always") not in changes
    assert ("traffic to server: GET aliases", "numbers of two digits in the answer lose one, always") in changes
    assert not [how for place, how in changes if place.startswith("traffic to keys") and "two digits" in how]
    assert ("traffic to store: GET object", "the answer loses its content-type, always") not in changes
    assert ("traffic to store: PUT object", "the answer's first byte is another, always") not in changes
    assert ("traffic to store: GET object", "the answer's first byte is another, always") in changes


def test_a_prefix_is_asked_about_at_its_doors() -> None:
    """A mutant of the doors names those whose paths it is about: a check is asked at each door by its name."""
    lines = {each.how.rpartition(" -> ")[2]: each.line for each in named("docker/auth/policy.toml:doors")}

    assert lines['["/api/mlflow", "/mlflow", "/api"]'] == "canonical literal"
    assert lines['["/api/mlflow"]'] == "documented"
    (version,) = [each for each in named("docker/auth/policy.toml:open") if "/version" in each.how]
    assert version.touches == {"auth GET version"}
