"""The stages before any cause is ranked, in the order in which a request meets them; the first that fails ends it."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from urllib.parse import urlsplit

from registry_conformance.judge.clients.request_guard import authorize
from registry_conformance.judge.clients.signing import certificate_of
from registry_conformance.judge.clients.tls import Files
from registry_conformance.judge.diagnosis.preflight import finding
from registry_conformance.judge.diagnosis.preflight.addresses import addresses_differ
from registry_conformance.judge.diagnosis.preflight.applications import seems_to_be
from registry_conformance.judge.diagnosis.preflight.asking import Asking
from registry_conformance.judge.diagnosis.preflight.barriers import firewall, held_back
from registry_conformance.judge.diagnosis.preflight.client_name import client_name_dropped, client_name_refused
from registry_conformance.judge.diagnosis.preflight.credentials import outbound_proxy, refused
from registry_conformance.judge.diagnosis.preflight.elsewhere import artifacts_elsewhere, models_elsewhere
from registry_conformance.judge.diagnosis.preflight.failing import alive_alone, fails, fails_on_everything
from registry_conformance.judge.diagnosis.preflight.finding import Finding
from registry_conformance.judge.diagnosis.preflight.named_objects import NamedObjects, look_up_named
from registry_conformance.judge.diagnosis.preflight.products import Answered, Product, product_of
from registry_conformance.judge.diagnosis.preflight.recognition import (
    SEARCH,
    cut_short,
    cut_short_packed,
    is_mlflow,
    login_page,
    no_mlflow,
    packed_for_few,
    packed_otherwise,
    version_of,
    wrapped,
)
from registry_conformance.judge.diagnosis.preflight.redirects import path_at, redirected
from registry_conformance.judge.diagnosis.preflight.refusal import REFUSALS
from registry_conformance.judge.diagnosis.preflight.transport import (
    malformed_answer,
    not_connected,
    not_http,
    not_secured,
    speaks_tls,
)
from registry_conformance.judge.diagnosis.preflight.turns import fares_by_turns
from registry_conformance.judge.diagnosis.preflight.unfit import refused_for_form
from registry_conformance.judge.diagnosis.preflight.workspaces import workspace_refused, workspaces_not_kept
from registry_conformance.judge.evidence.exchange import Exchange
from registry_conformance.judge.evidence.sign_in import is_redirect, leads_to_sign_in
from registry_conformance.judge.mismatch import PreconditionFailed
from registry_conformance.judge.target.credential import Credential
from registry_conformance.judge.target.target import Door

PATIENCE = 10.0
"""Seconds that the preflight waits for a sign of life."""

_SLOWER, _AS_CLIENTS = 20, 120.0
_AGAIN = 2
"""So many times more a search is sent that was refused: more could lock a user out."""

_TURNS = 5
"""So many times more the version is asked for."""
_LINE = ("tls", "refused")
"""How the errors of requests begin for which no connection came about; a reset may come after one."""
_BY_TURNS = (finding.PORT, finding.UNTRUSTED, finding.EXPIRED, finding.CLOCK, finding.OTHER_NAME, finding.HANDSHAKE)
"""What one of several fronts may be the only one to fail of."""
_KEEPS_THE_REQUEST = frozenset({307, 308})
"""Redirects after which a client sends the same method and body (RFC 9110, section 15.4)."""


@dataclass(frozen=True, slots=True)
class Preflight:
    """What is known of a door before its causes are ranked.

    ``finding`` ends the matter; without one an MLflow answers there, and lets the credential in. ``versions`` are what
    the server says that it is, in the order in which it said so, ``open`` whether strangers may search, ``None`` if
    that was not seen. ``moved`` is the tracking URI that a redirect leads to, if clients follow it and all the rest is
    about what answers there. ``artifacts`` is another host that serves artifacts in its place. ``named`` is
    what variables of the client name that is there; ``lacking`` is a sentence about the experiment in which clients log
    that name none, empty if it is there. ``met`` are the exchanges that tell.
    """

    finding: Finding | None = None
    product: Product = field(default_factory=Product)
    versions: tuple[str, ...] = ()
    open: bool | None = None
    moved: str = ""
    artifacts: str = ""
    named: tuple[str, ...] = ()
    lacking: str = ""
    met: tuple[Exchange, ...] = ()

    @property
    def version(self) -> str:
        """The version that the server named first, empty if it named none."""
        return next(iter(self.versions), "")


def examine(
    door: Door, credential: Credential | None, run: str, patience: float = PATIENCE, *, follow: bool = True
) -> Preflight:
    """Return what is known of a door: who answers, whether it is an MLflow, and whether it lets the client in.

    The credential is sent to this door alone, and only after the same request without it was not redirected to another
    place. ``follow`` is whether a redirect is followed if clients follow it.
    """
    certificate = certificate_of(credential)
    found = _without_line(door, certificate) or _over_lines(door, credential, run, patience, follow=follow)
    if found.finding is not None and found.finding.kind is finding.FRONTS:
        return found
    first = next((met for met in found.met if met.error.startswith(_LINE)), None)
    turns = _by_turns(door, certificate, first) if first else None
    return replace(found, finding=turns) if turns else found


def _by_turns(door: Door, certificate: Files | None, met: Exchange) -> Finding | None:
    """Return that connections come about at times, if one did not for a request."""
    return fares_by_turns(door, certificate) if met.error.startswith(_LINE) else None


def _without_line(door: Door, certificate: Files | None) -> Preflight | None:
    """Return what keeps connections from a door, ``None`` if they come about, be it when they are tried again."""
    found = not_connected(door) or not_secured(door, certificate)
    if found is None:
        return None
    if found.kind.id not in {kind.id for kind in _BY_TURNS}:
        return Preflight(found)
    if turns := fares_by_turns(door, certificate):
        return Preflight(turns)
    still = not_connected(door) or not_secured(door, certificate)
    return Preflight(still) if still else None


def _over_lines(door: Door, credential: Credential | None, run: str, patience: float, *, follow: bool) -> Preflight:
    """Return what is known of a door to which connections come about."""
    certificate = certificate_of(credential)
    asking = Asking(door, credential, run, patience)
    anonymous = _searched(asking, keyed=False)
    shut_out = certificate is not None and anonymous.status is None  # without it no connection is made at all
    if not shut_out and (found := _unreadable(asking, anonymous)):
        return Preflight(found, met=tuple(asking.met))
    product = product_of([_malformed(door, anonymous), _looked_at(anonymous)])
    if found := held_back(anonymous):
        return Preflight(found, product, met=tuple(asking.met))
    to_sign_in = credential is not None and leads_to_sign_in(anonymous)
    sent_on = is_redirect(anonymous) and not to_sign_in
    answer = anonymous
    if not sent_on:
        answer = _answered(asking, _searched(asking, keyed=True) if credential else anonymous)
    if follow and is_redirect(answer) and (moved := _moved(asking, answer)):
        return moved
    if found := _redirected(asking, anonymous) if sent_on else _unreadable(asking, answer):
        return Preflight(found, product, met=tuple(asking.met))
    stranger = anonymous if credential else answer
    let_in = answer.ok and is_mlflow(answer)
    named = look_up_named(asking) if let_in else NamedObjects()
    if let_in:
        found = workspaces_not_kept(asking) or models_elsewhere(door) or named.finding
    else:
        found = _not_let_in(asking, anonymous, answer, product)
    return Preflight(
        found,
        product,
        versions=_versions(asking) if found is None else (),
        open=(stranger.ok and is_mlflow(stranger)) if found is None else None,
        artifacts=artifacts_elsewhere(asking, answer) if found is None else "",
        named=named.there,
        lacking=named.lacking if found is None else "",
        met=tuple(asking.met),
    )


def _versions(asking: Asking) -> tuple[str, ...]:
    """Return what the server says that it is, asked several times: replicas of different versions answer by turns."""
    first = version_of(asking.ask("/version", keyed=True))
    again = [version_of(asking.ask("/version", keyed=True)) for _ in range(_TURNS)] if first else []
    return tuple(dict.fromkeys(each for each in (first, *again) if each))


def _searched(asking: Asking, *, keyed: bool) -> Exchange:
    """Return the answer to a search; it is asked again before a failure, as of one of several replicas, is believed.

    So it is before a silence is: it then has twenty times as long as what MLflow answers without its database, up to
    the time that clients wait: a server that was just started, or is busy, is slow with everything.
    """
    first = asking.ask(SEARCH, keyed=keyed)
    if first.status is not None and first.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        again = (asking.ask(SEARCH, keyed=keyed) for _ in range(_AGAIN))
        return next((each for each in again if each.ok), first)
    if first.status is not None or not first.error.startswith("timeout"):
        return first
    try:
        told = asking.ask("/version", keyed=keyed)
        longer = asking.patience if told.status is None else min(_SLOWER * told.seconds, _AS_CLIENTS)
        return replace(asking, patience=max(asking.patience, longer)).ask(SEARCH, keyed=keyed)
    except PreconditionFailed:  # nothing more may be sent to a door that was silent so often
        return first


def _answered(asking: Asking, first: Exchange) -> Exchange:
    """Return a search that is let in, of up to three: who refuses now and then is asked again before it is blamed."""
    again = (asking.ask(SEARCH, keyed=asking.credential is not None) for _ in range(_AGAIN))
    refused = first.status is not None and 400 <= first.status < 500
    return next((each for each in again if each.ok and is_mlflow(each)), first) if refused else first


def _not_let_in(asking: Asking, anonymous: Exchange, answer: Exchange, product: Product) -> Finding | None:
    """Return why the client's own search is not answered by an MLflow; nothing if others of its requests are."""
    if is_redirect(answer):
        return _redirected(asking, answer)
    if found := _changed(asking, answer) or workspace_refused(asking, answer):
        return found
    if not seems_to_be(answer) and (found := _turned_away(asking, anonymous, answer, product)):
        return found
    if fails(answer):
        return fails_on_everything(asking, answer, product)
    if is_mlflow(answer):
        return None  # MLflow answers, with an error of its own: what is wrong is further in
    return addresses_differ(asking.door, SEARCH) or no_mlflow(asking, answer, product)


def _changed(asking: Asking, answer: Exchange) -> Finding | None:
    """Return how an answer was cut, wrapped or packed on its way, so that a client cannot read it."""
    return (
        cut_short(answer)
        or wrapped(answer)
        or packed_otherwise(answer)
        or cut_short_packed(answer)
        or packed_for_few(asking, answer)
    )


def _turned_away(asking: Asking, anonymous: Exchange, answer: Exchange, product: Product) -> Finding | None:
    """Return who turns the client away: for its name, to a sign-in page, for its key."""
    if found := outbound_proxy(asking, answer) or held_back(answer) or client_name_refused(asking, answer):
        return found
    if found := firewall(answer) or refused_for_form(asking, anonymous, answer, product) or login_page(answer):
        return found
    if found := _remembered(asking, answer):
        return found
    return refused(asking, anonymous, answer, product) if answer.status in REFUSALS else None


def _remembered(asking: Asking, answer: Exchange) -> Finding | None:
    """Return that the refusal is that of the stranger's request before: where nobody asked yet, the key is let in."""
    if answer.status not in REFUSALS or asking.credential is None:
        return None
    fresh = asking.ask(f"{SEARCH}&filter=name+%21%3D+%27{secrets.token_hex(4)}%27", keyed=True)
    if not (fresh.ok and is_mlflow(fresh)):
        return None
    sentence = (
        f"{urlsplit(asking.url).netloc} refuses the key with {answer.status} where the same was asked without one just "
        "before, and lets it in where nobody asked yet: refusals are remembered by address alone"
    )
    return Finding(finding.REMEMBERED, sentence, finding.REMEMBERED.remedy, (str(answer), str(fresh)))


def _moved(asking: Asking, answer: Exchange) -> Preflight | None:
    """Return what is known of the place that every request is sent on to, if clients follow; one such step is gone.

    They do where a redirect keeps method and body, and stays at this host, to which the key may go.
    """
    path = path_at(asking.url, answer) if answer.status in _KEEPS_THE_REQUEST else None
    if path is None:
        return None
    url = urlsplit(asking.url)._replace(path=path).geturl()
    door = replace(asking.door, url=url)
    found = examine(door, asking.credential, asking.run, asking.patience, follow=False)
    return replace(found, moved=url, met=(*asking.met, *found.met)) if found.finding is None else None


def _redirected(asking: Asking, answer: Exchange) -> Finding:
    """Return what a redirect means; one that stays at this host is gone after, without a credential."""
    path = path_at(asking.url, answer)
    there = asking.ask(SEARCH, base=path) if path is not None else None
    return redirected(asking.url, answer, there)


def _unreadable(asking: Asking, answer: Exchange) -> Finding | None:
    """Return why an answer cannot be read, if so: no HTTP, TLS, no end, a body that is cut."""
    if answer.status is None:
        turns = _by_turns(asking.door, certificate_of(asking.credential), answer)
        return turns or _half_silent(asking, answer) or not_http(asking.door, answer.error)
    if answer.status == 400 and "HTTPS" in answer.text[:2000].upper() and (found := speaks_tls(asking.door)):
        return found
    place = asking.host
    if answer.error.startswith("timeout"):
        size = answer.response_body.size
        sentence = f"the answer of {place} does not end: {size} bytes after {answer.seconds:.0f} s for a small search"
        return Finding(finding.ENDLESS, sentence, finding.ENDLESS.remedy, (str(answer),))
    if answer.error:
        sentence = f"the answer of {place} breaks off: {answer.error[:120]}"
        return Finding(finding.BAD_HTTP, sentence, finding.BAD_HTTP.remedy, (str(answer),))
    return None


def _half_silent(asking: Asking, answer: Exchange) -> Finding | None:
    """Return what does get an answer where a search gets none; nothing if no more may be sent to a silent door."""
    try:
        return client_name_dropped(asking, answer) or alive_alone(asking, answer)
    except PreconditionFailed:
        return None


def _malformed(door: Door, like: Exchange) -> Answered:
    """Return the answer to a malformed request, which only who stands in front gives."""
    authorize(door, like, None, None)
    return Answered(*malformed_answer(door))


def _looked_at(answer: Exchange) -> Answered:
    return Answered(answer.status, answer.response_headers, answer.text)
