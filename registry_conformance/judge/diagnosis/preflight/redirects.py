"""Where a redirect leads: to https, to another host, to a page to sign in, round in a circle."""

from __future__ import annotations

from urllib.parse import urljoin, urlsplit

from registry_conformance.judge.diagnosis.preflight import finding
from registry_conformance.judge.diagnosis.preflight.finding import Finding
from registry_conformance.judge.evidence.exchange import Exchange
from registry_conformance.judge.evidence.sign_in import leads_to_sign_in


def redirected(url: str, answer: Exchange) -> Finding:
    """Return what the redirect of a request means for a tracking URI ``url``."""
    goal = urljoin(answer.url, answer.header("location"))
    here, there = urlsplit(answer.url), urlsplit(goal)
    seen = (f"{answer.status} with Location: {_shown(goal)}",)
    if leads_to_sign_in(answer):
        sentence = f"{here.netloc} sends its clients to a page to sign in, at {there.netloc}{there.path[:80]}"
        return Finding(finding.LOGIN, sentence, finding.LOGIN.remedy, seen)
    suggested = _tracking_uri(url, answer.url, goal)
    if here.hostname != there.hostname:
        sentence = (
            f"{here.netloc} redirects ({answer.status}) to another host, {there.netloc}; the key is not sent there"
        )
        remedy = f"if {there.netloc} is yours, use {suggested}"
        return Finding(finding.ELSEWHERE, sentence, remedy, seen)
    if here.scheme == "http" and there.scheme == "https":
        sentence = f"{here.netloc} redirects ({answer.status}) from http to https, at {there.netloc}"
        return Finding(finding.TO_HTTPS, sentence, f"use {suggested}", seen)
    if (here.scheme, here.netloc, here.path) == (there.scheme, there.netloc, there.path):
        sentence = f"{here.netloc} redirects ({answer.status}) to the same address, round in a circle"
        return Finding(finding.REDIRECT, sentence, "correct the redirect: it names the address that was asked", seen)
    sentence = f"{here.netloc} redirects ({answer.status}) to {_shown(goal)}"
    return Finding(finding.REDIRECT, sentence, f"use {suggested}", seen)


def _tracking_uri(url: str, asked: str, goal: str) -> str:
    """Return the tracking URI that a redirect comes to: where it leads, less what was asked below the old one."""
    below = urlsplit(asked).path.removeprefix(urlsplit(url).path.rstrip("/"))
    parts = urlsplit(goal)
    path = parts.path.removesuffix("/").removesuffix(below)
    return parts._replace(path=path, query="", fragment="").geturl()


def _shown(url: str) -> str:
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()[:160]
