"""Where something is wrong when no cause is known: between which parts, by comparing what they show."""

from __future__ import annotations

from registry_conformance.judge.diagnosis.facts import Facts


def fault_location(facts: Facts) -> tuple[str, str]:
    """Return the layer to look at first, and the place in words."""
    anomalies = {fact.name for fact in facts.anomalies}
    through = {name.removesuffix(".P") for name in anomalies if name.endswith(".P")}
    direct = {name.removesuffix(".O") for name in anomalies if name.endswith(".O")}
    right = {
        name.removesuffix(".O") for name, fact in facts.items() if name.endswith(".O") and fact.seen and fact.normal
    }
    keyed = ("key.", "reader.", "open.", "admin.")
    places = (
        (facts.value("reach.line.P") not in ("", "all open"), "network", "between this client and the proxy"),
        (any(name.startswith("keys.") for name in anomalies), "keys", "in the key service"),
        (bool(through & right), "proxy", "between the proxy and MLflow"),
        (bool(direct), "mlflow", "in MLflow or behind it"),
        (any(name.startswith(keyed) for name in through), "auth", "in the auth service or what the proxy asks it"),
        (bool(through), "proxy", "at the proxy or behind it"),
        (True, "mlflow", "in what the probes do not reach: see the red checks"),
    )
    return next((layer, words) for holds, layer, words in places if holds)
