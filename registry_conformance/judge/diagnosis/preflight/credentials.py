"""Whether the credential is let in, and if not, who refuses it and in which words."""

from __future__ import annotations

import re
import secrets
import time
from http import HTTPStatus

from registry_conformance.judge.clients.signing import taken_token
from registry_conformance.judge.diagnosis.preflight import finding
from registry_conformance.judge.diagnosis.preflight.applications import title_of
from registry_conformance.judge.diagnosis.preflight.asking import OTHER_AGENT, Asking
from registry_conformance.judge.diagnosis.preflight.finding import Finding, Kind
from registry_conformance.judge.diagnosis.preflight.products import APPLICATION, Answered, Product, product_of
from registry_conformance.judge.diagnosis.preflight.recognition import SEARCH
from registry_conformance.judge.evidence.exchange import Exchange
from registry_conformance.judge.target.credential import CommandToken, Credential, Password, kind_of
from registry_conformance.judge.target.token import times_of

REFUSALS = frozenset({401, 403})
_MISSING = re.compile(
    r"(?:missing|absent|no|without|requires?|provide) (?:an? |the |valid )?(?:api[- ]?key|credentials?|token|bearer"
    r"|authorization)|not provided|no authorization|authorization header (?:is )?(?:missing|required|not)|"
    r"(?:api[- ]?key|token|credentials?) (?:is |are )?(?:missing|required|not (?:given|provided|supplied))",
    re.IGNORECASE,
)
"""How a refusal says that nothing was sent."""
_RIGHTS = re.compile(r"PERMISSION_DENIED|permission|not allowed|insufficient|scope|forbidden", re.IGNORECASE)

_OUT_OF_TIME = (
    "take a new token; if this one is new, the clocks of this machine and of who issues tokens differ: set both by NTP"
)
_UNITS = ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))


def client_name_refused(asking: Asking, answer: Exchange) -> Finding | None:
    """Return that a refusal is for the User-Agent alone: the same request under another name is not refused."""
    if answer.status is None or answer.status < 400:
        return None
    other = asking.ask(SEARCH, keyed=True, agent=OTHER_AGENT)
    if other.status is None or other.status == answer.status or other.status >= 500 or other.status == 429:
        return None
    sentence = (
        f"{_host(asking)} refuses the User-Agent of the MLflow client with {answer.status}; "
        f"the same request under another name is answered {other.status}"
    )
    return Finding(finding.AGENT, sentence, finding.AGENT.remedy, (str(answer), str(other)))


def outbound_proxy(asking: Asking, answer: Exchange) -> Finding | None:
    """Return that a proxy for going out answers, and wants credentials of its own."""
    if answer.status != HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
        return None
    words = words_of(answer)
    said = f"; it says: {words!r}" if words else ""
    sentence = f"{_host(asking)} answers 407, as a proxy for going out does that wants credentials of its own{said}"
    return _found(finding.OUTBOUND, sentence, [str(answer)])


def refused(asking: Asking, anonymous: Exchange, answer: Exchange, product: Product) -> Finding:
    """Return who refuses a request, with a credential or without, and in which words."""
    who, words = refuser(answer, product), words_of(answer)
    said = f"; it says: {words!r}" if words else ""
    challenge = answer.header("www-authenticate")
    seen = [str(answer)]
    if challenge:
        seen.append(f"WWW-Authenticate: {challenge[:160]}")
    wanted = challenge.partition(" ")[0].lower()
    if asking.credential is None:
        kind, thing = (finding.PASSWORD, "a user and a password") if wanted == "basic" else (finding.WANTED, "a key")
        given = "none were given" if wanted == "basic" else "none was given"
        return _found(kind, f"{who} wants {thing}, and {given}{said}", seen)
    what = _yours(asking.credential)
    if out_of_time := _out_of_time(asking.credential):
        sentence = f"{what} refused with {answer.status} by {who}{said}; {out_of_time}"
        return Finding(finding.REFUSED, sentence, _OUT_OF_TIME, tuple(seen))
    if answer.status == HTTPStatus.FORBIDDEN and _is_known(anonymous, answer, words):
        sentence = f"{what} known, and may not read experiments: {who} refuses with {answer.status}{said}"
        return _found(finding.RIGHTS, sentence, seen)
    if wanted == "basic" and isinstance(asking.credential, str):
        sentence = f"{what} refused with {answer.status} by {who}, which wants a user and a password{said}"
        return _found(finding.PASSWORD, sentence, seen)
    if _MISSING.search(words) and _alike(anonymous, answer):
        return _found(finding.LOST, f"{what} sent, and {who} sees none{said}", seen)
    sentence = f"{what} refused with {answer.status} by {who}{said}"
    remedy = _remedy(words, asking.credential)
    decoy = _decoy(asking.credential)
    if decoy and _alike(anonymous, answer) and _alike(anonymous, asking.ask(SEARCH, decoy=decoy)):
        seen.append("with no credential and with one that nobody issued the answer is the same")
        if _stands_behind(answer, product):
            sentence += f"; or {product.name}, which stands before it, drops the Authorization header"
            remedy += f"; if it is valid, have {product.name} pass the Authorization header on"
    return Finding(finding.REFUSED, sentence, remedy, tuple(seen))


def _out_of_time(credential: Credential) -> str:
    """Return that a token is good no more, or not yet, by this machine's clock; empty if nothing says so."""
    token = taken_token(credential) if isinstance(credential, CommandToken) else credential
    if not isinstance(token, str):
        return ""
    begins, ends = times_of(token)
    now = time.time()
    if ends and ends <= now:
        return f"it expired {_how_long(now - ends)} ago, by its own word and this machine's clock"
    if begins > now + 1:
        return f"it is good only in {_how_long(begins - now)}, by its own word and this machine's clock"
    return ""


def _how_long(seconds: float) -> str:
    size, unit = next((each for each in _UNITS if seconds >= each[0]), _UNITS[-1])
    number = round(seconds / size)
    return f"{number} {unit}{'' if number == 1 else 's'}"


def _stands_behind(answer: Exchange, product: Product) -> bool:
    """Return whether who refuses stands behind a proxy that is known, which may have dropped what it was sent."""
    own = product_of([Answered(answer.status, (), answer.text)])
    said = bool(answer.response_body.size)  # a proxy's own refusal is often empty
    return said and bool(product) and product.id not in (APPLICATION, own.id)


def _found(kind: Kind, sentence: str, seen: list[str]) -> Finding:
    return Finding(kind, sentence, kind.remedy, tuple(seen))


def _is_known(anonymous: Exchange, answer: Exchange, words: str) -> bool:
    """Return whether a refusal is for want of a right: nobody else is refused so."""
    if anonymous.status == HTTPStatus.UNAUTHORIZED:
        return True
    return bool(_RIGHTS.search(words)) and anonymous.text != answer.text


def refuser(answer: Exchange, product: Product) -> str:
    """Return who refuses a request, in words."""
    if 'realm="mlflow"' in answer.header("www-authenticate").lower() or "mlflow.org/docs/latest/auth" in answer.text:
        return "MLflow's own basic-auth app"
    own = product_of([Answered(answer.status, (), answer.text)])
    if own:
        return own.name
    document = answer.json()
    if isinstance(document, dict) and "error_code" in document:
        return "the auth service, in MLflow's error form"
    if isinstance(document, dict) and "detail" in document:
        return (
            "the platform's API" if "API key" in str(document["detail"]) else "an application, in FastAPI's error form"
        )
    if not answer.response_body.size and product:
        return product.name
    return f"what stands behind {product.name}" if product else "what answers there"


def words_of(answer: Exchange) -> str:
    """Return the words of an error: its message, the title of its page, or the beginning of its text."""
    document = answer.json()
    if isinstance(document, dict):
        found = [document.get(name) for name in ("message", "detail", "error_description", "error", "title", "reason")]
        texts = [text if isinstance(text, str) else _inner(text) for text in found if text]
        return _short(next((text for text in texts if text), ""))
    if "html" in answer.content_type or answer.text.lstrip()[:1] == "<":
        return _short(title_of(answer) or re.sub(r"<[^>]*>", " ", answer.text[:4000]))
    return _short(answer.text)


def _inner(value: object) -> str:
    """Return the message of an error that lies one level down."""
    if isinstance(value, dict):
        return next((str(value[name]) for name in ("message", "detail", "msg", "code") if value.get(name)), "")
    return str(value)


def _yours(credential: Credential) -> str:
    """Return a credential as the subject of a sentence, with its verb."""
    if isinstance(credential, str):
        return "your key is"
    return "your user and password are" if isinstance(credential, Password) else f"{kind_of(credential)} is"


def _remedy(words: str, credential: Credential) -> str:
    if isinstance(credential, Password):
        return "correct MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or ask the operator for them"
    if re.search(r"expired", words, re.IGNORECASE):
        return "use a key that has not expired; ask the operator for a new one"
    return finding.REFUSED.remedy


def _alike(one: Exchange, other: Exchange) -> bool:
    return one.status == other.status and words_of(one) == words_of(other)


def _decoy(credential: Credential) -> Credential | None:
    """Return a credential of the same kind that nobody issued, ``None`` if there is none of a kind."""
    if isinstance(credential, str):
        return secrets.token_hex(16)
    return Password("nobody", secrets.token_hex(8)) if isinstance(credential, Password) else None


def _host(asking: Asking) -> str:
    return asking.root.partition("//")[2]


def _short(text: str) -> str:
    flat = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    return flat if len(flat) <= 160 else f"{flat[:157]}..."
