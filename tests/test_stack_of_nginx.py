"""A stack with nginx takes other texts of nginx's files, touching nothing but nginx; mutants are judged on it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from registry_conformance.judge.locations import DOCKER, cache_folder
from registry_conformance.judge.machine import new_run_id
from registry_conformance.judge.report.proof import MUTANTS
from registry_conformance.lab.deployment import REFERENCE
from registry_conformance.lab.external.neighbour import Neighbour
from registry_conformance.lab.stack.handle import OwnedStack, Stack, StackError
from registry_conformance.lab.stack.request import StackRequest
from registry_conformance.proof.mutants import directives
from registry_conformance.proof.mutants.mutant import NGINX, with_file
from tests.optional import need

SHIPPED = (DOCKER / directives.FILE).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    """A stack with nginx before MLflow."""
    need(not directives.missing(), directives.missing())
    request = StackRequest(new_run_id(), cache=cache_folder(), neighbour=Neighbour.named(NGINX))
    with closing(OwnedStack(request)) as started:
        started.target()
        yield started


def status_of_a_body(stack: Stack) -> int:
    """Return the status of a request with a body of some bytes."""
    door, key = stack.target().doors[0], stack.target().api_key("writer")
    path = f"{door.url}/api/2.0/mlflow/experiments/search"
    body = {"max_results": 1, "filter": "x" * 100}
    return httpx.post(path, json=body, headers={"Authorization": f"Bearer {key}"}, trust_env=False).status_code


def test_another_text_is_in_force_and_nginx_alone_was_restarted(stack: Stack) -> None:
    """A smaller limit of bodies holds at once; the other parts are the same processes, and the shipped file returns."""
    before = stack.pids()
    assert status_of_a_body(stack) != 413
    changed = with_file(directives.FILE, SHIPPED.replace("client_max_body_size 0", "client_max_body_size 10"))

    stack.apply(changed(REFERENCE))
    assert status_of_a_body(stack) == 413
    assert {part for part, pid in stack.pids().items() if pid != before[part]} == {"proxy"}
    stack.apply(REFERENCE)
    assert status_of_a_body(stack) != 413


def test_a_text_that_nginx_refuses_is_no_deployment(stack: Stack) -> None:
    """A file that nginx does not take is told with nginx's own words, and the shipped one starts again."""
    with pytest.raises(StackError, match="unknown directive"):
        stack.apply(with_file(directives.FILE, SHIPPED.replace("merge_slashes off", "merge_slash off"))(REFERENCE))

    stack.apply(REFERENCE)
    assert status_of_a_body(stack) != 413


def test_another_text_of_its_lua_is_in_force(stack: Stack) -> None:
    """A file beside nginx's own is replaced too: a route less is served."""
    file = "proxies/nginx/gate.lua"
    source = (DOCKER / file).read_text(encoding="utf-8")
    version = f"{stack.target().doors[0].url}/version"
    key = {"Authorization": f"Bearer {stack.target().api_key('writer')}"}
    assert httpx.get(version, headers=key, trust_env=False).status_code == 200

    stack.apply(with_file(file, source.replace('"^/version$", ', ""))(REFERENCE))
    assert httpx.get(version, headers=key, trust_env=False).status_code == 404
    stack.apply(REFERENCE)


def test_a_mutant_is_judged_on_stacks_of_its_own(tmp_path: Path) -> None:
    """A listener without TLS is found by a check of TLS, on a stack with nginx."""
    need(not directives.missing(), directives.missing())
    plain = "@LISTEN_TLS_PORT@ ssl http2 backlog=1024 -> @LISTEN_TLS_PORT@ http2 backlog=1024"
    (mutant,) = [each for each in directives.mutants() if each.how == plain]
    command = [sys.executable, "-m", "registry_conformance", "mutants", "run", mutant.id]
    options = ["--jobs=1", "--depth=3", "--store=moto", f"--report-dir={tmp_path}"]
    done = subprocess.run([*command, *options], capture_output=True, text=True, timeout=600, check=False)
    ((name, fate),) = [
        (row["killed_by"], row["fate"]) for row in json.loads((tmp_path / "latest" / MUTANTS).read_text())["mutants"]
    ]

    assert (fate, done.returncode) == ("killed", 0), done.stdout
    assert "tls" in name
