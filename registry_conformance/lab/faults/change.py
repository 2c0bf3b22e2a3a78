"""Changes of a deployment: each function returns the pure function that a fault contains."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from registry_conformance.lab.deployment import Deployment
from registry_conformance.lab.disturbance import Act, Rule, When

Change = Callable[[Deployment], Deployment]


def unchanged(deployment: Deployment) -> Deployment:
    """Return the deployment unchanged."""
    return deployment


def part(name: str, **settings: Any) -> Change:
    """Return a change of settings of a part (``proxy``, ``auth``, ...)."""

    def change(deployment: Deployment) -> Deployment:
        return replace(deployment, **{name: replace(getattr(deployment, name), **settings)})

    return change


def adding(name: str, setting: str, *values: str) -> Change:
    """Return a change that adds values to a setting that is a frozen set."""

    def change(deployment: Deployment) -> Deployment:
        value = getattr(deployment, name)
        return replace(deployment, **{name: replace(value, **{setting: getattr(value, setting) | set(values)})})

    return change


def on(link: str, when: When, *acts: Act) -> Change:
    """Return a change that adds a rule to a link, after the existing ones."""
    rule = Rule(when, acts)

    def change(deployment: Deployment) -> Deployment:
        standing: tuple[Rule, ...] = getattr(deployment.links, link)
        more: dict[str, Any] = {link: standing if rule in standing else (*standing, rule)}
        return replace(deployment, links=replace(deployment.links, **more))

    return change


def both(*changes: Change) -> Change:
    """Return several changes as one, in order."""

    def change(deployment: Deployment) -> Deployment:
        for each in changes:
            deployment = each(deployment)
        return deployment

    return change


def anew(*changes: Change) -> Change:
    """Return changes plus a restart of the auth service, which would otherwise cache earlier answers for a minute."""
    return both(part("auth", restarts=1), *changes)
