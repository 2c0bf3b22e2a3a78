"""Causes in TLS at the proxy: certificates, versions, redirects from plain HTTP."""

from __future__ import annotations

from registry_conformance.judge.diagnosis.cause import Cause, clue, must
from registry_conformance.judge.diagnosis.causes.follows import ALL

CAUSES: tuple[Cause, ...] = (
    Cause(
        id="plain-requests-redirected",
        layer="proxy",
        symptom="nothing-answers",
        sentence="the proxy redirects http to https, at the same port",
        remedy="refuse plain requests instead of redirecting them, or publish https tracking URIs alone",
        requirements=("REG-001", "RTE-001"),
        clues=(
            must("doors.search.P", "all 30", 3),
            clue("doors.health.P", "all 30"),
        ),
        follows=ALL,
    ),
    Cause(
        id="tls-not-served",
        layer="proxy",
        symptom="nothing-answers",
        sentence="the registry's rule stands at the plain port only",
        remedy="have the proxy serve port 443 with the same routes and the same checks of keys",
        settings={"envoy": "a second listener"},
        requirements=("OPS-024", "OPS-025", "OPS-026", "OPS-028", "OPS-034"),
        clues=(
            must("tls.handshake.P", "no connection", 3),
            must("doors.search.P", "all 200", 1),
        ),
    ),
    Cause(
        id="certificate-expired",
        layer="proxy",
        symptom="nothing-answers",
        sentence="the certificate was not renewed, or the proxy was not told of the new one",
        remedy="renew the certificate and have the proxy read it again",
        requirements=("OPS-024", "OPS-026"),
        clues=(must("tls.handshake.P", "certificate has expired", 3),),
    ),
    Cause(
        id="certificate-of-unknown-authority",
        layer="proxy",
        symptom="nothing-answers",
        sentence="the proxy shows a certificate that no authority of its clients vouches for, as one that it made "
        "itself",
        remedy="show a certificate by an authority that clients know, and those between; or give clients its file",
        requirements=("OPS-024", "OPS-026"),
        clues=(must("tls.handshake.P", "by an unknown authority|self-signed", 4),),
        follows=ALL,
    ),
    Cause(
        id="certificate-of-another-host",
        layer="proxy",
        symptom="nothing-answers",
        sentence="the proxy shows the certificate of another service of the same authority",
        remedy="show the certificate that names the public host among its alternative names",
        requirements=("OPS-024", "OPS-026"),
        clues=(must("tls.handshake.P", "names another host", 3),),
    ),
    Cause(
        id="old-tls-accepted",
        layer="proxy",
        symptom="too-open",
        sentence="the proxy takes TLS from version 1.0 on",
        remedy="refuse TLS below 1.2",
        requirements=("OPS-025",),
        clues=(must("tls.below.P", "accepted", 3),),
        settings={"envoy": "tls_minimum_protocol_version: TLSv1_2", "nginx": "ssl_protocols TLSv1.2 TLSv1.3"},
    ),
)
