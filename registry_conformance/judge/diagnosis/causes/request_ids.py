"""Causes in request ids: not returned, replaced, alike, not passed on."""

from __future__ import annotations

from registry_conformance.judge.diagnosis.cause import Cause, must

CAUSES: tuple[Cause, ...] = (
    Cause(
        id="request-id-not-returned",
        layer="proxy",
        symptom="errors-unclear",
        sentence="the proxy makes request ids for its log alone",
        remedy="have the proxy return the request's id in each answer",
        requirements=("RTE-020", "RTE-022", "ERR-006", "ERR-021", "ERR-030"),
        clues=(must("head.id.P", "no id", 3),),
        follows=("head", "error"),
        settings={
            "envoy": "always_set_request_id_in_response: true",
            "nginx": "add_header X-Request-Id $request_id always",
        },
    ),
    Cause(
        id="request-id-replaced",
        layer="proxy",
        symptom="errors-unclear",
        sentence="the proxy replaces the client's request id with its own",
        remedy="have the proxy keep the id that a client sends",
        requirements=("RTE-022", "ERR-032"),
        clues=(
            must("head.own-id.P", "other", 3),
            must("head.id.P", "an id", 1),
        ),
        follows=("head.own",),
        settings={"envoy": "preserve_external_request_id: true"},
    ),
    Cause(
        id="request-ids-all-alike",
        layer="proxy",
        symptom="errors-unclear",
        sentence="the load balancer sets X-Request-Id to a fixed text, where a new id was meant",
        remedy="make an id for each request that has none, and keep others",
        requirements=("RTE-021", "RTE-022"),
        clues=(
            must("head.id.P", "one for all", 3, or_red="RTE-021"),
            must("head.own-id.P", "other", 3),
        ),
        follows=("head.own",),
        settings={"nginx": "$request_id"},
    ),
    Cause(
        id="request-id-not-forwarded",
        layer="proxy",
        symptom="errors-unclear",
        sentence="a gateway between proxy and MLflow drops X-Request-Id",
        remedy="pass X-Request-Id on to MLflow as it came",
        requirements=("ERR-030", "RES-007"),
        clues=(
            must("seen.id.O", "not told", 3, or_red="ERR-030"),
            must("head.own-id.P", "kept", 1),
            must("head.id.P", "an id", 1),
        ),
    ),
)
