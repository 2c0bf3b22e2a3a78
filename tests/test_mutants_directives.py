"""Mutants of nginx's configuration: what is changed, what is left alone, and on which stacks they are judged."""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any
from unittest import mock

import crossplane
import pytest

from registry_conformance.documents.score import render_score, score_document
from registry_conformance.judge.locations import DOCKER, REGISTER
from registry_conformance.judge.requirement import Register
from registry_conformance.lab.deployment import REFERENCE
from registry_conformance.lab.external.neighbour import PROGRAMS, Neighbour
from registry_conformance.lab.faults.catalogue import CATALOGUE
from registry_conformance.lab.stack import certificate
from registry_conformance.proof.mutants import directives, lua_source, program, related_faults
from registry_conformance.proof.mutants.coverage import Coverage
from registry_conformance.proof.mutants.journal import Journal
from registry_conformance.proof.mutants.mutant import NGINX, Mutant
from registry_conformance.proof.mutants.outcome import Fate, MutantOutcome
from registry_conformance.proof.mutants.related_faults import related
from registry_conformance.proof.mutants.result import MutantResult
from tests.optional import need

MUTANTS = tuple(directives.mutants())
SHIPPED = (DOCKER / directives.FILE).read_text(encoding="utf-8")
SLASHES = Mutant("proxy", "statement", "docker/proxy/listeners.yaml:merge_slashes", "true -> false", lambda one: one)


def at(place: str) -> list[Mutant]:
    """Return the mutants of a place in the file."""
    return [mutant for mutant in MUTANTS if mutant.place == f"docker/{directives.FILE}:{place}"]


def text_of(mutant: Mutant) -> str:
    """Return the file that a mutant has in the shipped one's place."""
    ((path, text),) = mutant.change(REFERENCE).files
    assert path == directives.FILE
    return text


def lines_of(text: str, folder: Path) -> Counter[str]:
    """Return the directives of a configuration, each as (blocks around it, itself), without its line."""
    file = folder / "read.conf"
    file.write_text(text, encoding="utf-8")
    read = crossplane.parse(str(file), single=True, check_ctx=False, check_args=False)
    return Counter(flat(read["config"][0]["parsed"]))


def flat(parsed: list[dict[str, Any]], around: str = "") -> list[str]:
    """Return the directives of a block, and those of the blocks in it."""
    found = []
    for each in parsed:
        line = f"{around}{each['directive']} {' '.join(each['args'])}"
        found += [line, *flat(each.get("block", []), f"{line} / ")]
    return found


def installed() -> str:
    """Return the path of nginx with the modules that the configuration loads; skip without."""
    need(not directives.missing(), directives.missing())
    return PROGRAMS["nginx"].path


def refusal(text: str, folder: Path) -> str:
    """Return what nginx says of a configuration that it does not take, empty if it takes it."""
    certificate.issue(folder / "tls", "127.0.0.1")
    places = {
        "LISTEN_PORT": "127.0.0.1:18080",
        "LISTEN_TLS_PORT": "127.0.0.1:18443",
        "MLFLOW": "127.0.0.1:15000",
        "AUTH": "127.0.0.1:15001",
        "TLS": "",
        "CERTIFICATE": folder / "tls" / certificate.CERTIFICATE,
        "CERTIFICATE_KEY": folder / "tls" / certificate.KEY,
    }
    for place, value in places.items():
        text = text.replace(f"@{place}@", str(value))
    file = folder / "nginx.conf"
    file.write_text(text.replace("/tmp/nginx", str(folder)), encoding="utf-8")  # noqa: S108 - a container's folder
    done = subprocess.run([installed(), "-t", "-c", file], capture_output=True, text=True, timeout=60, check=False)
    return done.stderr if done.returncode else ""


@pytest.mark.parametrize(
    ("place", "how"),
    [
        ("http/server/client_max_body_size", "dropped"),
        ("http/server/client_max_body_size", "moved into location @bytes"),
        ("http/server/proxy_request_buffering", "off -> on"),
        ("http/server/proxy_http_version", "1.1 -> 1.0"),
        ("http/server/ssl_protocols", "TLSv1.2 TLSv1.3 -> TLSv1.2"),
        ("http/server/proxy_set_header X-Request-Id", "moved into location @read"),
        ("http/server/proxy_set_header X-Hokusai-User-Id", "X-Hokusai-User-Id $registry_user -> X-Hokusai-User-Id ''"),
        ("http/server/proxy_set_header Host", "Host localhost -> Host localhostx"),
        ("http/server/location @read/access_by_lua_block", "dropped"),
        ("http/server/location @read/access_by_lua_block", "moved into server"),
        ("http/server/location @read/proxy_read_timeout", "60s -> 0s"),
        ("http/server/location @read/proxy_next_upstream", "error http_502 http_503 -> error http_503"),
        ("http/server/location @write/proxy_next_upstream", "off -> error timeout non_idempotent"),
        (
            "http/server/location @write/proxy_pass",
            "http://mlflow$registry_path$is_args$args -> http://mlflow$registry_path$is_args",
        ),
        (
            "http/server/location @write/proxy_pass",
            "http://mlflow$registry_path$is_args$args -> http://mlflow-bytes$registry_path$is_args$args",
        ),
        ("http/upstream mlflow/keepalive_timeout", "4s -> 8s"),
        ("http/map $http_x_request_id/default", "dropped"),
        ("http/access_log", "/dev/stdout registry -> off"),
    ],
)
def test_a_defect_that_anybody_would_think_of_is_among_them(place: str, how: str) -> None:
    """Directives are dropped, turned and moved, their numbers, names and arguments changed."""
    assert how in [mutant.how for mutant in at(place)]


def test_each_is_another_file() -> None:
    """No mutant has the shipped file, and no two have the same."""
    texts = Counter(text_of(mutant) for mutant in MUTANTS)

    assert len(MUTANTS) > 400
    assert [text for text, count in texts.items() if count > 1] == []


def test_one_place_is_changed(tmp_path: Path) -> None:
    """What is dropped is gone, what is moved stands elsewhere, and all other directives stay as they are."""
    shipped = lines_of(SHIPPED, tmp_path)
    server, timeout = "http  / server  / ", "location @read / proxy_read_timeout 60s"
    (dropped,) = [each for each in at("http/server/location @read/proxy_read_timeout") if each.how == "dropped"]
    (moved,) = [each for each in at("http/server/client_max_body_size") if each.how == "moved into location @slow"]

    assert shipped - lines_of(text_of(dropped), tmp_path) == Counter([f"{server}{timeout}"])
    assert lines_of(text_of(dropped), tmp_path) - shipped == Counter()
    assert shipped - lines_of(text_of(moved), tmp_path) == Counter([f"{server}client_max_body_size 0"])
    assert lines_of(text_of(moved), tmp_path) - shipped == Counter([f"{server}location @slow / client_max_body_size 0"])


@pytest.mark.parametrize("beginning", ["pid", "error_log", "client_body_temp_path", "proxy_temp_path", "access_log"])
def test_no_mutant_writes_into_files_of_the_machine(beginning: str) -> None:
    """Places that nginx writes to are never changed: without them it takes those of the machine."""
    (line,) = [each.strip() for each in SHIPPED.splitlines() if each.strip().startswith(f"{beginning} ")]
    place = line.split()[1].rstrip(";")

    for mutant in MUTANTS:
        assert f"{beginning} {place}" in text_of(mutant) or f"{beginning} off;" in text_of(mutant), mutant.how


def test_each_listens_where_the_stack_looks_for_it() -> None:
    """Every mutant listens at both of the stack's addresses, and at no other."""
    for mutant in MUTANTS:
        listens = re.findall(r"(?m)^ *((?:@TLS@)?listen [^ ;]+)", text_of(mutant))
        assert listens == ["listen @LISTEN_PORT@", "@TLS@listen @LISTEN_TLS_PORT@"], mutant.how


def test_nginx_takes_the_file_as_it_is_written_again(tmp_path: Path) -> None:
    """The shipped file, parsed and written, has the same directives, and nginx takes it."""
    again = f"{crossplane.build(directives.parsed(directives.FILE))}\n"

    assert lines_of(again, tmp_path) == lines_of(SHIPPED, tmp_path)
    assert refusal(again, tmp_path) == ""


def test_nginx_takes_most_of_them(tmp_path: Path) -> None:
    """Of every tenth mutant nginx takes four in five or more: what it refuses is none, and costs time."""
    tried = MUTANTS[::10]
    refused = [mutant.how for mutant in tried if refusal(text_of(mutant), tmp_path)]

    assert len(refused) <= len(tried) // 5, refused


def test_requirements_of_faults_that_do_the_same_are_known() -> None:
    """A directive is related to the faults of the reference's proxy that change a setting of the same effect."""
    (dropped,) = [each for each in at("http/server/location @read/access_by_lua_block") if each.how == "dropped"]

    assert related(dropped)["AUT-002"] > 0
    assert set(related(SLASHES)) == set()


def test_table_of_what_does_the_same_has_nothing_dead() -> None:
    """Each entry is about a place of some mutant, and names what faults of the reference change."""
    places = [mutant.place for mutant in (*MUTANTS, *lua_source.mutants())]
    every = "\n".join(places)
    unmet = [regex for regex, _ in related_faults._ALIKE if not re.search(f"(?m){regex}", every)]
    named = frozenset().union(*(related_faults.alike(place) for place in places))
    changed_by_faults = [related_faults.changed(fault.change(REFERENCE)) for fault in CATALOGUE.values()]

    assert unmet == []
    assert named <= frozenset().union(*changed_by_faults)


@pytest.mark.parametrize(
    ("place", "how", "token", "served"),
    [
        ("http/server/location @slow/proxy_read_timeout", "110s -> 0s", "proxy POST upload-parts", True),
        ("http/server/location @slow/proxy_read_timeout", "110s -> 0s", "proxy POST runs", False),
        ("http/server/location @read", "dropped", "proxy GET runs", True),
        ("http/server/location @read", "dropped", "proxy POST runs", False),
        ("http/server/location @write", "dropped", "proxy POST runs", True),
        ("http/server/location @bytes", "dropped", "proxy PUT artifact-file", True),
        ("http/server/location @health", "dropped", "proxy GET health", True),
    ],
)
def test_requests_that_a_location_serves_are_known(place: str, how: str, token: str, served: bool) -> None:
    """A directive of a location is about the requests that gate.lua sends there."""
    (mutant,) = [each for each in at(place) if each.how == how]

    assert (token in mutant.touches) == served


def test_what_leaves_a_location_is_about_all_requests() -> None:
    """A directive that moves into the server has an effect on what other locations serve."""
    (moved,) = [each for each in at("http/server/location @slow/access_by_lua_block") if "moved" in each.how]

    assert not [token for token in moved.touches if token.startswith("proxy ")]


def test_every_place_is_judged_on_stacks_with_nginx() -> None:
    """Each of them names the proxy of its stacks; the mutants of the reference name none."""
    assert {mutant.proxy for mutant in MUTANTS} == {"nginx"}
    assert SLASHES.proxy == ""


def session(tmp_path: Path, mutants: list[Mutant], *judged: Mutant) -> program._Session:
    """Return a run over mutants, some of which were judged before."""
    request = mock.Mock(depth=3, diagnose=False)
    journal = Journal(tmp_path / "journal", "1")
    run = program._Session(request, mutants, Coverage(), Register.load(REGISTER), journal, mock.Mock())
    run.outcomes = {mutant.id: MutantOutcome(mutant.id, Fate.KILLED) for mutant in judged}
    return run


def test_stacks_are_started_for_the_proxies_that_are_needed(tmp_path: Path) -> None:
    """Each mutant is a job on stacks of its own proxy alone; where all were judged no stack is started."""
    nginx = MUTANTS[0]
    both = session(tmp_path, [nginx, SLASHES])

    assert both.proxies == ["", "nginx"]
    assert [job.name for job in both.jobs([], "")] == [SLASHES.id]
    assert [job.name for job in both.jobs([], "nginx")] == [nginx.id]
    assert session(tmp_path, [nginx, SLASHES], nginx).proxies == [""]


def test_a_machine_without_nginx_judges_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its mutants are left out, with the command that brings nginx, and counted."""
    monkeypatch.setattr("shutil.which", lambda *_, **__: None)
    directives.missing.cache_clear()
    try:
        left, out = program.without_missing_proxies([SLASHES, *MUTANTS[:3]])
    finally:
        directives.missing.cache_clear()

    assert left == [SLASHES]
    ((why, count),) = out.items()
    assert count == 3
    assert why.startswith("there is no nginx on this machine: apt-get install")


def test_a_machine_without_a_module_of_nginx_judges_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """An nginx that lacks a module which the configuration loads is told by the module's name."""
    monkeypatch.setattr("shutil.which", lambda *_, **__: "/usr/sbin/nginx")
    monkeypatch.setattr(Path, "exists", lambda self: "lua" not in self.name)
    directives.missing.cache_clear()
    try:
        why = directives.missing()
    finally:
        directives.missing.cache_clear()

    assert "nginx on this machine has no ngx_http_lua_module: apt-get install" in why
    assert "headers_more" not in why.partition(":")[0]


def test_the_page_tells_what_was_left_out() -> None:
    """The score says how many mutants were not judged on this machine, and why; they count nowhere."""
    why = "there is no nginx on this machine: apt-get install nginx-light"
    outcome = MutantOutcome(SLASHES.id, Fate.KILLED, tried=1)
    began = "2026-11-29T01:00:00+00:00"
    made = MutantResult("m", "0.1.0", "abc", began, 9.0, 10, 4, 1, 40, 3, {why: 3}, {SLASHES.id: SLASHES}, [outcome])
    page = render_score(score_document(made.document()))

    assert f"3 more were drawn and left out: {why}." in page
    assert "1 of 1 killed (100%)" in page


def test_nginx_is_named_by_the_proxies_of_the_lab() -> None:
    """The proxy of the stacks is one that can be asked for, with the configuration that is mutated."""
    found = Neighbour.named(NGINX)

    assert found is not None
    assert found.file == DOCKER / directives.FILE
