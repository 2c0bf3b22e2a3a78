"""Faults of TLS at the proxy: no listener, a certificate that nobody should take, versions that are too old."""

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
        cause="the registry's rule stands on the plain listener only",
        remedy="add the listener of port 443 with the same routes and filters",
        requirements=("OPS-024", "OPS-025", "OPS-026", "OPS-028"),
        change=part("proxy", tls=False),
        symptoms=(Ask("GET", SEARCH, door="secure", status="none"), Ask("GET", SEARCH, status="200")),
        incidents=("R6",),
    ),
    Fault(
        name="certificate-expired",
        layer="proxy",
        seen="every client refuses the certificate: it has expired",
        cause="the certificate was not renewed, or the proxy was not told of the new one",
        remedy="renew the certificate and have the proxy read it again",
        requirements=("OPS-024", "OPS-026"),
        change=part("proxy", certificate="expired"),
        symptoms=(Ask("GET", SEARCH, door="secure", status="none", shows="(?i)expired"),),
        incidents=("R6", "C5"),
    ),
    Fault(
        name="certificate-of-another-host",
        layer="proxy",
        seen="every client refuses the certificate: it names another host",
        cause="the proxy shows the certificate of another service of the same authority",
        remedy="show the certificate that names the public host among its alternative names",
        requirements=("OPS-024", "OPS-026"),
        change=part("proxy", certificate="elsewhere"),
        symptoms=(Ask("GET", SEARCH, door="secure", status="none", shows="(?i)mismatch|not valid for|doesn't match"),),
        incidents=("R6", "C5"),
    ),
    Fault(
        name="certificate-of-unknown-authority",
        layer="proxy",
        seen="every client refuses the certificate: it knows no such authority, or it is self-signed",
        cause="the proxy shows a certificate that no authority of its clients vouches for, as one that it made itself",
        remedy="show a certificate by an authority that clients know, and those between; or give clients its file",
        requirements=("OPS-024", "OPS-026"),
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
        cause="the proxy takes TLS from version 1.0 on",
        remedy="set tls_minimum_protocol_version: TLSv1_2",
        requirements=("OPS-025",),
        change=part("proxy", tls_floor="TLSv1_0"),
        symptoms=(Speaks("TLSv1.1"),),
    ),
)
