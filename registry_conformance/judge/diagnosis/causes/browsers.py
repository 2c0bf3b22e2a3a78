"""Causes in what browsers are told: origins, preflights, headers for pages, caches."""

from __future__ import annotations

from registry_conformance.judge.diagnosis.cause import Cause, clue, must

CAUSES: tuple[Cause, ...] = (
    Cause(
        id="security-headers-stripped",
        layer="proxy",
        symptom="browsers",
        sentence="the proxy removes X-Frame-Options and X-Content-Type-Options from answers",
        remedy="pass MLflow's security headers on, or set them in the proxy",
        requirements=("OPS-018", "ART-019"),
        clues=(
            must("head.sniff.P", "(none|x-)", 3),
            must("route.page.P", "all 200", 0.5),
        ),
    ),
    Cause(
        id="any-origin-allowed",
        layer="proxy",
        symptom="browsers",
        sentence="a page of any site may use the API: answers carry Access-Control-Allow-Origin: *",
        remedy="take the header off the proxy's answers; name the origins that may use the API in MLflow's own "
        "--cors-allowed-origins",
        requirements=("OPS-016", "OPS-017"),
        clues=(must("browser.any.P", "\\*", 3),),
        follows=("browser",),
    ),
    Cause(
        id="preflight-refused",
        layer="proxy",
        symptom="browsers",
        sentence="a browser's preflight is asked for a key, which it never carries: OPTIONS passes authentication",
        remedy="let OPTIONS requests that carry Access-Control-Request-Method pass without a key: exempt them at "
        "the proxy, and answer them with 200 in the auth service",
        requirements=("OPS-015",),
        clues=(
            must("browser.preflight.P", "401", 3),
            must("key.bearer.P", "200", 0.5),
        ),
    ),
    Cause(
        id="conditional-headers-dropped",
        layer="proxy",
        symptom="browsers",
        sentence="the proxy removes Range and If-* from requests",
        remedy="pass Range, If-None-Match, If-Match and If-Modified-Since on",
        requirements=("RTE-043",),
        clues=(must("head.unchanged.P", "200", 3),),
    ),
    Cause(
        id="security-middleware-off",
        layer="mlflow",
        symptom="browsers",
        sentence="MLflow was started with --disable-security-middleware",
        remedy="start MLflow without --disable-security-middleware",
        requirements=("OPS-017", "OPS-018"),
        clues=(
            must("browser.foreign.P", "400"),
            must("head.sniff.P", "(none|x-)", 1),
            clue("browser.foreign-preflight.P", "(200|204|405).* not allowed"),
        ),
        follows=("head", "browser"),
    ),
)
