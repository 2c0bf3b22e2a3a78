"""What is judged is what is shipped (kind: a document that was rebuilt from what is known of it)."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from registry_conformance.lab.deployment import DOORS, Proxy
from registry_conformance.lab.stack import certificate, envoy, envoy_clusters, envoy_listeners, envoy_routes
from registry_conformance.lab.stack.auth import policy_text
from registry_conformance.lab.stack.process import free_ports
from tests.parts import AUTH, ROOT, Parts, running, until_ok

SHIPPED = ROOT / "docker" / "proxy"
Place = tuple[str | int, ...]
APPLY: dict[str, Callable[[Proxy, Any], None]] = {
    "routes.yaml": envoy_routes.apply,
    "listeners.yaml": envoy_listeners.apply,
    "clusters.yaml": lambda proxy, document: envoy_clusters.apply(proxy, document, ("mlflow", 5000), ("auth", 8080)),
}
OTHERS = (
    Proxy(),
    Proxy(doors=("canonical", "literal"), unguarded=("/graphql",), retries=1, body_limit=1000, buffer=1000),
    Proxy(json_errors=False, request_headers=(("x-trace", "1"),), answer_headers=(("etag", None),), timeout=5),
)


def shipped(name: str) -> Any:
    """Return a shipped document, its anchors written out."""
    return json.loads(json.dumps(yaml.safe_load((SHIPPED / name).read_text())))


def tables(document: Any, place: Place = ()) -> Iterator[Place]:
    """Yield the place of every table of a document."""
    if isinstance(document, dict):
        yield place
        for key, value in document.items():
            yield from tables(value, (*place, key))
    elif isinstance(document, list):
        for number, value in enumerate(document):
            yield from tables(value, (*place, number))


def at(document: Any, place: Place) -> Any:
    """Return what stands at a place."""
    for key in place:
        document = document[key]
    return document


def count(document: Any, name: str) -> int:
    """Return how many tables of a document have an entry of that name."""
    return sum(name in at(document, place) for place in tables(document))


@pytest.mark.parametrize("name", APPLY)
def test_reference_value_changes_nothing(name: str) -> None:
    """The reference value leaves a shipped document as it is, whatever its scalars are."""
    document = shipped(name)
    changed = copy.deepcopy(document)
    for place in tables(changed):
        for key, value in at(changed, place).items():
            if isinstance(value, int) and "port" not in key:
                at(changed, place)[key] = (not value) if isinstance(value, bool) else value + 1
    for version in (document, changed):
        realised = copy.deepcopy(version)
        APPLY[name](Proxy(), realised)
        assert realised == version


@pytest.mark.parametrize("name", APPLY)
@pytest.mark.parametrize("value", OTHERS, ids=["the reference", "fewer doors", "other filters"])
def test_what_is_not_known_is_kept(name: str, value: Proxy) -> None:
    """An entry that the suite has never heard of survives in whatever part of the document stays."""
    shipped_document, plain, strange = shipped(name), shipped(name), shipped(name)
    APPLY[name](value, plain)
    for place in list(tables(strange)):
        at(strange, place)["x_unheard_of"] = "kept"
    APPLY[name](value, strange)
    words = [at(shipped_document, place) for place in tables(shipped_document)]
    missing = [
        place
        for place in tables(plain)
        if at(plain, place) in words
        and not (value.unguarded and "typed_per_filter_config" in place)  # added on purpose
        and "x_unheard_of" not in at(strange, place)
    ]

    assert missing == []
    assert count(strange, "x_unheard_of") > 20


def test_other_rights_keep_the_rest_of_the_policy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The auth service's policy is the shipped file, and a change of it keeps what else stands there."""
    assert policy_text(()) == (AUTH / "policy.toml").read_text()

    text = (AUTH / "policy.toml").read_text() + 'extra = 5\n\n[unheard.of]\nname = "kept"\n'
    (tmp_path / "policy.toml").write_text(text)
    monkeypatch.setattr("registry_conformance.lab.stack.auth.SOURCE", tmp_path)
    changed = policy_text((("reader", ("read",)),))

    assert {"extra = 5", "[unheard.of]", 'name = "kept"'} <= set(changed.splitlines())


def test_envoy_runs_what_the_image_would_run(parts: Parts, tmp_path: Path) -> None:
    """Envoy has the same configuration in force on the embedded stack as on the shipped files."""
    listen, tls, admin = free_ports(3)
    moved = (
        ("0.0.0.0", 8080, listen),
        ("0.0.0.0", 8443, tls),
        ("127.0.0.1", 9901, admin),
        ("mlflow", 5000, parts.ports["origin"]),
        ("auth", 8080, parts.ports["auth"]),
    )
    for file in (each for each in SHIPPED.iterdir() if each.is_file()):
        text = file.read_text().replace("/etc/envoy", str(tmp_path))
        for host, port, here in moved:
            text = text.replace(f"address: {host}, port_value: {port}", f"address: 127.0.0.1, port_value: {here}")
        (tmp_path / file.name).write_text(text)
    certificate.issue(tmp_path / "tls", "127.0.0.1")
    with running([*envoy.program(), "-c", str(tmp_path / "envoy.yaml")], tmp_path / "log"):
        until_ok(f"http://127.0.0.1:{listen}/health", tmp_path / "log")
        image = in_force(f"http://127.0.0.1:{admin}")
    embedded = in_force(parts.url("admin"))

    assert len(image["listeners"]) == 2
    assert len(image["routes"]) == 1
    assert len(image["clusters"]) == 3
    assert embedded == image


def in_force(admin: str) -> dict[str, Any]:
    """Return what an Envoy runs by, less addresses, folders and the times of loading."""
    dump = httpx.get(f"{admin}/config_dump", trust_env=False, timeout=10).json()["configs"]
    sections: dict[str, dict[str, Any]] = {section["@type"].rpartition(".")[2]: section for section in dump}
    found: dict[str, Any] = {
        "listeners": [
            each["active_state"]["listener"] for each in sections["ListenersConfigDump"]["dynamic_listeners"]
        ],
        "clusters": [each["cluster"] for each in sections["ClustersConfigDump"]["dynamic_active_clusters"]],
        "routes": [each["route_config"] for each in sections["RoutesConfigDump"]["dynamic_route_configs"]],
        "bootstrap": {
            name: sections["BootstrapConfigDump"]["bootstrap"][name] for name in ("layered_runtime", "overload_manager")
        },
    }
    text = json.dumps({name: each if isinstance(each, dict) else by_name(each) for name, each in found.items()})
    text = re.sub(r'"socket_address": \{[^}]*\}', '"socket_address": {}', text)
    text = re.sub(r'"path": "/[^"]*"', '"path": "folder"', text)
    whole: dict[str, Any] = json.loads(re.sub(r'"/[^"]*/(tls/\w+\.pem|\w+\.lua|\w+\.yaml)"', r'"\1"', text))
    return whole


def by_name(resources: list[Any]) -> list[Any]:
    """Return resources in the order of their names."""
    return sorted(resources, key=lambda each: str(each["name"]))


@pytest.mark.parametrize("door", DOORS.values())
def test_health_is_open_to_reads_alone(parts: Parts, door: str) -> None:
    """Without a key health is read, and every other method is refused."""
    url = f"{parts.url('proxy')}{door}/health"
    answers = {
        method: parts.http.request(method, url).status_code
        for method in ("GET", "HEAD", "OPTIONS", "POST", "PUT", "DELETE", "PATCH")
    }

    assert answers == {
        **dict.fromkeys(("GET", "HEAD", "OPTIONS"), 200),
        **dict.fromkeys(("POST", "PUT", "DELETE", "PATCH"), 401),
    }


def test_options_of_the_program_are_the_images() -> None:
    """Envoy is started with the options of the image's entry point."""
    entry = re.search(r"ENTRYPOINT (\[.*?\])", (SHIPPED / "Dockerfile").read_text().replace("\\\n", ""), re.DOTALL)
    assert entry is not None
    assert envoy.program()[1:] == json.loads(entry[1])[1:]
