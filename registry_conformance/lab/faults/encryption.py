"""Faults of TLS at the proxy: no listener, invalid certificates, outdated versions."""

from __future__ import annotations

from registry_conformance.lab.faults.change import part
from registry_conformance.lab.faults.fault import Fault
from registry_conformance.lab.faults.paths import SEARCH
from registry_conformance.lab.faults.symptom import Ask, Speaks

FAULTS = (
    Fault(
        name="tls-not-served",
        layer="proxy",
        seen="https is refused, http works",
        change=part("proxy", tls=False),
        symptoms=(Ask("GET", SEARCH, door="secure", status="none"), Ask("GET", SEARCH, status="200")),
        incidents=("R6",),
    ),
    Fault(
        name="certificate-expired",
        layer="proxy",
        seen="every client refuses the certificate: it has expired",
        change=part("proxy", certificate="expired"),
        symptoms=(Ask("GET", SEARCH, door="secure", status="none", shows="(?i)expired"),),
        incidents=("R6", "C5"),
    ),
    Fault(
        name="certificate-of-another-host",
        layer="proxy",
        seen="every client refuses the certificate: it names another host",
        change=part("proxy", certificate="elsewhere"),
        symptoms=(Ask("GET", SEARCH, door="secure", status="none", shows="(?i)mismatch|not valid for|doesn't match"),),
        incidents=("R6", "C5"),
    ),
    Fault(
        name="certificate-of-unknown-authority",
        layer="proxy",
        seen="every client refuses the certificate: it knows no such authority, or it is self-signed",
        change=part("proxy", certificate="stranger"),
        symptoms=(
            Ask("GET", SEARCH, door="secure", status="none", shows="(?i)unable to get local issuer|self.signed"),
        ),
        incidents=("R6", "C5"),
    ),
    Fault(
        name="old-tls-accepted",
        layer="proxy",
        seen="everything works; scanners find TLS 1.0 and 1.1",
        change=part("proxy", tls_floor="TLSv1_0"),
        symptoms=(Speaks("TLSv1.1"),),
    ),
)
