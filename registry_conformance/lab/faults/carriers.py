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
        cause="the auth service reads the Authorization header only: its branch for X-API-Key is missing",
        remedy="have the auth service fall back to the X-API-Key header where no Authorization header carries a key",
        requirements=("AUT-017", "AUT-038"),
        change=on("auth", When(header=("x-api-key", ".")), SetHeader("X-API-Key", None)),
        symptoms=(Ask("GET", SEARCH, status="200"), Ask("GET", SEARCH, carrier="x-api-key", status="401")),
        incidents=("A5",),
    ),
    Fault(
        name="apikey-scheme-not-read",
        layer="auth",
        seen="401 for a valid key as 'Authorization: ApiKey KEY', 200 for the same key as Bearer",
        cause="the auth service knows the scheme Bearer only",
        remedy="accept the scheme ApiKey of the Authorization header like Bearer in the auth service",
        requirements=("AUT-016",),
        change=on("auth", When(header=("authorization", "^apikey ")), SetHeader("Authorization", None)),
        symptoms=(Ask("GET", SEARCH, status="200"), Ask("GET", SEARCH, carrier="apikey", status="401")),
        incidents=("A5",),
    ),
    Fault(
        name="bearer-scheme-not-read",
        layer="auth",
        seen="401 for the MLflow client's token, 200 for the same key in X-API-Key",
        cause="the auth service reads X-API-Key only: its branch for 'Authorization: Bearer' is missing",
        remedy="read the key from 'Authorization: Bearer' first: it is what MLFLOW_TRACKING_TOKEN sends",
        requirements=("REG-001", "AUT-015", "AUT-024"),
        change=on("auth", When(header=("authorization", "^bearer ")), SetHeader("Authorization", None)),
        symptoms=(Ask("GET", SEARCH, carrier="x-api-key", status="200"), Ask("GET", SEARCH, status="401")),
        incidents=("A5",),
    ),
    Fault(
        name="scheme-is-case-sensitive",
        layer="auth",
        seen="401 for 'authorization: bearer KEY', 200 for 'Authorization: Bearer KEY'",
        cause="the auth service compares the scheme of the Authorization header letter by letter",
        remedy="compare the scheme without regard to case (RFC 9110, section 11.1)",
        requirements=("AUT-022",),
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
        cause="the auth service takes two equal values of one carrier for proof, and asks nobody about the key",
        remedy="refuse a carrier that is sent more than once, before any key service is asked",
        requirements=("AUT-037",),
        change=on("auth", When(header=("authorization", r"^(\S+ \S+), ?\1$")), Answer(200)),
        symptoms=(Ask("GET", SEARCH, key=None, headers=(("Authorization", "Bearer none"),) * 2, status="200"),),
    ),
    Fault(
        name="key-not-in-header",
        layer="auth",
        seen="401 for every valid key",
        cause="the auth service does not send the key in the Authorization header, where the key service reads it",
        remedy="send the key to the key service as 'Authorization: Bearer KEY', and nowhere else",
        requirements=("REG-001", "AUT-015"),
        change=anew(on("keys", _ASKED, SetHeader("Authorization", None))),
        symptoms=(Ask("GET", SEARCH, status="401"),),
        incidents=("A3",),
    ),
    Fault(
        name="client-address-not-told",
        layer="auth",
        seen="nothing; the key service cannot tell clients apart when it throttles",
        cause="the auth service leaves client_ip out of its question, or hears of no address from the proxy",
        remedy="put the client's address, as the proxy knows it, into client_ip of the question to the key service",
        requirements=("AUT-028",),
        change=anew(on("keys", _ASKED, EditBody(r',? ?"client_ip": ?"[^"]*"', "", REQUEST))),
        symptoms=(Ask("GET", SEARCH, key="admin", status="200"), Acts("keys")),
    ),
)
