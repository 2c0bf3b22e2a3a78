"""The MLflow client's machine: settings that change its target or credential."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from registry_conformance.judge.diagnosis.probe_context import ProbeContext

_PROXIES = frozenset({"http_proxy", "https_proxy", "all_proxy"})


def machine(context: ProbeContext) -> None:
    """Read the variables and the netrc entry; no request is sent, and no secret is recorded."""
    found = dict(context.target.machine.variables)
    facts, host = context.facts, urlsplit(context.main.url).hostname or ""
    token = found.get("MLFLOW_TRACKING_TOKEN")
    value = "not exported" if token == "" else "as given"
    facts.record("client.token.P", value, f"MLFLOW_TRACKING_TOKEN on the client's machine is {value}", "as given")
    basic = sorted({"MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD"} & set(found))
    value = "set" if basic else "not set"
    facts.record("client.basic.P", value, f"user name and password for MLflow are {value} beside the token", "not set")
    netrc = context.target.machine.netrc.replace("{host}", host)
    value = "has the host" if f"machine {host}" in netrc or "default" in netrc.split() else "none for it"
    facts.record("client.netrc.P", value, f"~/.netrc on the client's machine: {value}", "none for it")
    proxies = sorted(name for name in found if name.lower() in _PROXIES)
    value = "set" if proxies else "not set"
    words = f"a proxy for outgoing requests is {value} on the client's machine ({', '.join(proxies) or 'none'})"
    facts.record("client.proxy.P", value, words, "not set")
    uri = found.get("MLFLOW_TRACKING_URI", "{url}").replace("{url}", context.main.url)
    facts.record("client.uri.P", _kind(uri), f"MLFLOW_TRACKING_URI on the client's machine is {_kind(uri)}", "a door")
    bundle = found.get("MLFLOW_TRACKING_SERVER_CERT_PATH") or found.get("REQUESTS_CA_BUNDLE")
    value = "as given"
    if bundle is not None:
        value = "another one" if Path(bundle).is_file() else "missing"
    facts.record(
        "client.authority.P", value, f"the file of authorities that the client believes is {value}", "as given"
    )


def _kind(uri: str) -> str:
    """Return the kind of a tracking URI: ``a door``, ``an API path``, ``no server``."""
    parts = urlsplit(uri)
    if parts.scheme not in ("http", "https"):
        return "no server"
    return "an API path" if "/api/2.0" in parts.path else "a door"
