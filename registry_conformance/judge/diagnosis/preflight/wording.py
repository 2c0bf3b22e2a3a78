"""Who wrote an error message, and its text."""

from __future__ import annotations

import re

from registry_conformance.judge.diagnosis.preflight.applications import page_text, title_of
from registry_conformance.judge.diagnosis.preflight.products import APPLICATION, Product, author_of
from registry_conformance.judge.evidence.exchange import Exchange

_WORDS = ("message", "detail", "error_description", "error", "fault", "errors", "title", "reason")
"""Names under which the documents of errors have their words, the most telling first."""
_MORE = 20
"""Characters from which on the text of a page says more than its title."""


def refuser(answer: Exchange, product: Product) -> str:
    """Return who rejects a request, in words."""
    own = author_of(answer)
    if own and own.id != APPLICATION:
        return own.name  # by a page of its own, whatever realm it was given: people name theirs mlflow too
    challenge = answer.header("www-authenticate").lower()
    if challenge.startswith('basic realm="mlflow"') or "mlflow.org/docs/latest/auth" in answer.text:
        return "MLflow's own basic-auth app"
    if form := _known_form(answer.json()):
        return form
    if APPLICATION in (own.id, product.id):
        return "the application itself"
    if not product:
        return "the part that answers there"
    return f"{product.name} or its upstream" if answer.response_body.size else product.name


def _known_form(document: object) -> str:
    """Return who writes errors in the form of a document, empty if unknown."""
    if not isinstance(document, dict):
        return ""
    if "error_code" in document:
        return "MLflow, or another part in its error form"
    if "detail" not in document:
        return ""
    return "the platform's API" if "API key" in str(document["detail"]) else "an application, in FastAPI's error form"


def words_of(answer: Exchange) -> str:
    """Return the text of an error: its message, the title of its page, or the beginning of its text."""
    document = answer.json()
    if isinstance(document, dict):
        found = [document.get(name) for name in _WORDS]
        texts = [text if isinstance(text, str) else _inner(text) for text in found if text]
        return _short(next((text for text in texts if text), ""))
    if "html" in answer.content_type or answer.text.lstrip()[:1] == "<":
        return _of_a_page(answer)
    return _short(answer.text)


def _of_a_page(answer: Exchange) -> str:
    """Return the title of a page, with its text where it is nobody's usual page and says more."""
    title = title_of(answer)
    if not title:
        return _short(re.sub(r"<[^>]*>", " ", answer.text[:4000]))
    own, text = author_of(answer), page_text(answer)
    more = not (own and own.id != APPLICATION) and len(text) >= _MORE
    return _short(title) + f": {text}" * more


def _inner(value: object) -> str:
    """Return the nested message of an error."""
    if isinstance(value, list) and value:
        return _inner(value[0])
    if isinstance(value, dict):
        inner = ("message", "faultstring", "detail", "msg", "code")
        return next((str(value[name]) for name in inner if isinstance(value.get(name), str | int)), "")
    return str(value)


def _short(text: str) -> str:
    flat = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    return flat if len(flat) <= 160 else f"{flat[:157]}..."
