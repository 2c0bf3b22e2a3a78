"""Faults of the carriers: how a key reaches the auth service, and the key service behind it."""

from __future__ import annotations

from registry_conformance.lab.disturbance import REQUEST, Answer, EditBody, SetHeader, When
from registry_conformance.lab.faults.change import anew, on
from registry_conformance.lab.faults.fault import Fault
from registry_conformance.lab.faults.paths import SEARCH
from registry_conformance.lab.faults.symptom import Acts, Ask

_ASKED = When(path="/api/v1/keys/validate")
_ODD_CASE = "^(?!(?-i:Bearer|ApiKey) )(bearer|apikey) "


FAULTS = (
    Fault(
        name="x-api-key-not-read",
        layer="auth",
        seen="401 for a valid key in X-API-Key, 200 for the same key as Bearer",
        change=on("auth", When(header=("x-api-key", ".")), SetHeader("X-API-Key", None)),
        symptoms=(Ask("GET", SEARCH, status="200"), Ask("GET", SEARCH, carrier="x-api-key", status="401")),
        incidents=("A5",),
    ),
    Fault(
        name="apikey-scheme-not-read",
        layer="auth",
        seen="401 for a valid key as 'Authorization: ApiKey KEY', 200 for the same key as Bearer",
        change=on("auth", When(header=("authorization", "^apikey ")), SetHeader("Authorization", None)),
        symptoms=(Ask("GET", SEARCH, status="200"), Ask("GET", SEARCH, carrier="apikey", status="401")),
        incidents=("A5",),
    ),
    Fault(
        name="bearer-scheme-not-read",
        layer="auth",
        seen="401 for the MLflow client's token, 200 for the same key in X-API-Key",
        change=on("auth", When(header=("authorization", "^bearer ")), SetHeader("Authorization", None)),
        symptoms=(Ask("GET", SEARCH, carrier="x-api-key", status="200"), Ask("GET", SEARCH, status="401")),
        incidents=("A5",),
    ),
    Fault(
        name="scheme-is-case-sensitive",
        layer="auth",
        seen="401 for 'authorization: bearer KEY', 200 for 'Authorization: Bearer KEY'",
        change=on("auth", When(header=("authorization", _ODD_CASE)), SetHeader("Authorization", None)),
        symptoms=(
            Ask("GET", SEARCH, key=None, headers=(("Authorization", "Bearer none"),), shows="not valid"),
            Ask("GET", SEARCH, key=None, headers=(("Authorization", "bearer none"),), shows="required"),
        ),
    ),
    Fault(
        name="repeated-carrier-let-in",
        layer="auth",
        seen="a key sent twice in one header lets anyone in, whatever key it is",
        change=on("auth", When(header=("authorization", r"^(\S+ \S+), ?\1$")), Answer(200)),
        symptoms=(Ask("GET", SEARCH, key=None, headers=(("Authorization", "Bearer none"),) * 2, status="200"),),
    ),
    Fault(
        name="key-not-in-header",
        layer="auth",
        seen="401 for every valid key",
        change=anew(on("keys", _ASKED, SetHeader("Authorization", None))),
        symptoms=(Ask("GET", SEARCH, status="401"),),
        incidents=("A3",),
    ),
    Fault(
        name="client-address-not-told",
        layer="auth",
        seen="nothing; the key service cannot tell clients apart when it throttles",
        change=anew(on("keys", _ASKED, EditBody(r',? ?"client_ip": ?"[^"]*"', "", REQUEST))),
        symptoms=(Ask("GET", SEARCH, key="admin", status="200"), Acts("keys")),
    ),
)
