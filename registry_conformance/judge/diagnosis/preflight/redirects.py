"""Where a redirect leads: to https, to another host, to a sign-in page, round in a circle."""

from __future__ import annotations

from urllib.parse import SplitResult, urlsplit

from registry_conformance.judge.diagnosis.preflight import finding
from registry_conformance.judge.diagnosis.preflight.finding import Finding
from registry_conformance.judge.diagnosis.preflight.sign_in import asked_to_sign_in
from registry_conformance.judge.evidence.exchange import Exchange
from registry_conformance.judge.evidence.sign_in import goal_of, is_redirect, leads_to_sign_in


def redirected(url: str, answer: Exchange, followed: Exchange | None = None) -> Finding:
    """Return what the redirect of a request means for a tracking URI ``url``.

    ``followed`` is the answer where it leads, if it leads to another path of the same host.
    """
    location = answer.header("location")
    here, there = urlsplit(answer.url), goal_of(answer)
    if there is None:
        sentence = f"{here.netloc} redirects ({answer.status}) to what is no address: {location[:80]!r}"
        return Finding(finding.REDIRECT, sentence, "correct the redirect: its Location is no address", (str(answer),))
    goal = there.geturl()
    seen = (f"{answer.status} with Location: {_shown(goal)}",)
    if leads_to_sign_in(answer):
        sentence = f"{here.netloc} sends its clients to a sign-in page, at {there.netloc}{there.path[:80]}"
        return asked_to_sign_in(answer, sentence, *seen)
    suggested = _tracking_uri(url, answer.url, goal)
    way = f"{here.netloc} redirects ({answer.status})"
    if here.hostname != there.hostname:
        sentence = f"{way} to another host, {there.netloc}; the key is not sent there"
        return Finding(finding.ELSEWHERE, sentence, f"if {there.netloc} is yours, use {suggested}", seen)
    if here.scheme == "http" and there.scheme == "https":
        return Finding(finding.TO_HTTPS, f"{way} from http to https, at {there.netloc}", f"use {suggested}", seen)
    if _same(here, there) or (followed is not None and is_redirect(followed) and _back(answer, followed)):
        sentence = f"{way} round in a circle: {_shown(goal)} leads back here"
        return Finding(finding.CIRCLE, sentence, _out_of_the_circle(here), seen)
    added = "have that path answered as it is asked for: the MLflow client adds no slash at its end"
    return Finding(
        finding.REDIRECT, f"{way} to {_shown(goal)}", added if suggested == url else f"use {suggested}", seen
    )


def _out_of_the_circle(here: SplitResult) -> str:
    """Return what ends a redirect that leads where it was asked: over TLS, the usual reason is that nobody says so."""
    if here.scheme != "https":
        return finding.CIRCLE.remedy
    return (
        "have what ends TLS set X-Forwarded-Proto: https, and what redirects believe it: it takes each request for "
        "plain HTTP, and sends it to https again"
    )


def path_at(url: str, answer: Exchange) -> str | None:
    """Return the path of the tracking URI that a redirect leads to, ``None`` if that is another place or none."""
    here, there = urlsplit(answer.url), goal_of(answer)
    if there is None or (here.scheme, here.netloc) != (there.scheme, there.netloc):
        return None
    return urlsplit(_tracking_uri(url, answer.url, there.geturl())).path


def _same(one: SplitResult, other: SplitResult) -> bool:
    return (one.scheme, one.netloc, one.path) == (other.scheme, other.netloc, other.path)


def _back(answer: Exchange, followed: Exchange) -> bool:
    """Return whether the second redirect leads where the first began, or to itself."""
    goal = goal_of(followed)
    return goal is not None and any(_same(goal, urlsplit(url)) for url in (answer.url, followed.url))


def _tracking_uri(url: str, asked: str, goal: str) -> str:
    """Return the tracking URI that a redirect comes to: where it leads, less what was asked below the old one."""
    below = urlsplit(asked).path.removeprefix(urlsplit(url).path.rstrip("/"))
    parts = urlsplit(goal)
    path = parts.path.removesuffix("/").removesuffix(below)
    return parts._replace(path=path, query="", fragment="").geturl()


def _shown(url: str) -> str:
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()[:160]
