"""The reference configuration is one that Envoy accepts, and the writer changes nothing but what it is asked to."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from registry_conformance.lab.deployment import Proxy
from registry_conformance.lab.stack import envoy
from registry_conformance.lab.stack.envoy_routes import ProxyError

ADDRESSES: dict[str, Any] = {
    "listen": ("127.0.0.1", 18080),
    "listen_tls": ("127.0.0.1", 18443),
    "admin": ("127.0.0.1", 19901),
    "mlflow": ("127.0.0.1", 15000),
    "auth": ("127.0.0.1", 18081),
}


def validated(folder: Path) -> subprocess.CompletedProcess[str]:
    """Let Envoy judge the files of ``folder`` as one static configuration, routes and all."""
    parts = {
        name: yaml.safe_load((folder / f"{name}.yaml").read_text())
        for name in ("envoy", "listeners", "clusters", "routes")
    }
    listeners, clusters = parts["listeners"]["resources"], parts["clusters"]["resources"]
    routes = parts["routes"]["resources"][0]
    for listener in listeners:
        manager = listener["filter_chains"][0]["filters"][0]["typed_config"]
        del manager["rds"]
        manager["route_config"] = routes
    for resource in (*listeners, *clusters, routes):
        del resource["@type"]
    whole = {**parts["envoy"], "static_resources": {"listeners": listeners, "clusters": clusters}}
    del whole["dynamic_resources"]
    (folder / "whole.json").write_text(json.dumps(whole))
    binary = envoy.program()[0]
    command = [binary, "--mode", "validate", "-c", str(folder / "whole.json"), "--disable-hot-restart"]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)


@pytest.mark.parametrize(
    "value",
    [
        Proxy(),
        Proxy(doors=()),
        Proxy(doors=("literal",), unrouted=frozenset({"artifacts"}), authenticates=False, timeout=0.5, body_limit=1000),
        Proxy(
            unrouted_at=frozenset({("documented", "rest")}),
            strips=(("canonical", ""), ("documented", "/mlflow/api/2[.]0")),
            unguarded=("/graphql", "(?:/mlflow)?/ajax-api/"),
            retry_on="5xx,reset",
            mirrors=True,
            tells_host=False,
            bytes_timeout=2,
            redirects_to_tls=True,
            request_headers=(("range", None), ("x-trace", "1")),
            answer_headers=(("server", "nginx/1.25"), ("etag", None)),
        ),
        Proxy(
            normalises=False,
            fails_open=True,
            status_on_error=401,
            trusts_identity=True,
            tells_identity=False,
            takes_underscores=True,
            keeps_request_id=False,
            returns_request_id=False,
            banner=True,
            json_errors=False,
            json_replies=False,
            compresses=True,
            buffer=1000,
            headers_kb=1,
            upstream_tls=True,
            upstream="mlflow.example:5000",
            tls_floor="TLSv1_0",
            certificate="expired",
        ),
    ],
    ids=["reference", "no door", "much changed", "routes changed", "the rest changed"],
)
def test_envoy_accepts_what_is_written(tmp_path: Path, value: Proxy) -> None:
    """Envoy accepts what is written."""
    envoy.write_config(tmp_path, value, version="1", **ADDRESSES)
    verdict = validated(tmp_path)
    assert verdict.returncode == 0, verdict.stderr
    assert "deprecated" not in verdict.stderr.lower(), verdict.stderr


def test_envoy_refuses_what_is_wrong(tmp_path: Path) -> None:
    """Envoy refuses what is wrong."""
    envoy.write_config(tmp_path, Proxy(), version="1", **ADDRESSES)
    routes = tmp_path / "routes.yaml"
    routes.write_text(routes.read_text().replace('"idle_timeout"', '"idle_timout"'))
    verdict = validated(tmp_path)
    assert verdict.returncode != 0
    assert "idle_timout" in verdict.stderr


def test_no_address_but_the_given_ones_is_written(tmp_path: Path) -> None:
    """No address but the given ones is written."""
    envoy.write_config(tmp_path, Proxy(), version="seven", **ADDRESSES)
    written = "".join(path.read_text() for path in tmp_path.glob("*.yaml"))
    assert "/etc/envoy" not in written
    assert {port for _, port in ADDRESSES.values()} == {
        int(n) for n in ("18080", "18443", "19901", "15000", "18081") if n in written
    }
    assert written.count('"version_info": "seven"') == 3


def test_an_unknown_family_or_door_is_named(tmp_path: Path) -> None:
    """An unknown family or door is named."""
    with pytest.raises(ProxyError, match=r"artefacts.*families: artifacts,"):
        envoy.write_config(tmp_path, Proxy(unrouted=frozenset({"artefacts"})), version="1", **ADDRESSES)
    with pytest.raises(ProxyError, match="back"):
        envoy.write_config(tmp_path, Proxy(doors=("back",)), version="1", **ADDRESSES)


def test_families_are_the_names_of_the_routes() -> None:
    """Families are the names of the routes."""
    assert {"artifacts", "multipart", "presigned", "rest", "ajax", "get-artifact", "graphql", "health", "ui"} <= set(
        envoy.families()
    )
    assert len(envoy.families()) == len(set(envoy.families()))


def test_a_missing_envoy_names_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing Envoy names the remedy."""
    monkeypatch.setitem(sys.modules, "envoy", None)
    with pytest.raises(ProxyError, match="make verify"):
        envoy.program()
