"""How the text that was given as a key shows that it is not the key itself: what was copied with it, or instead."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable

from registry_conformance.judge.target.credential import Credential, KeyHeader, Password

_SHORTEST = 12
"""Shorter texts that are base64 of readable ones come by chance."""


def odd_form(credential: Credential) -> str:
    """Return what a key's form says against it, in words that show nothing of it; empty if nothing is odd."""
    if not isinstance(credential, str) or not credential:
        return surely_odd(credential)
    return next((words for form in _FORMS if (words := form(credential))), "")


def surely_odd(credential: Credential | None) -> str:
    """Return what a credential's form says against it if no valid one has that form; empty otherwise."""
    if isinstance(credential, Password):
        return _quoted(credential.password) or _quoted(credential.user).replace("it", "the user name", 1)
    if isinstance(credential, KeyHeader):
        return _quoted(credential.value)
    if not isinstance(credential, str):
        return ""
    return next((words for form in _SURE if (words := form(credential))), "")


def _with_scheme(key: str) -> str:
    found = re.match(r"(?:Authorization: *)?(Bearer|Basic|Token|ApiKey) ", key, re.IGNORECASE)
    return f"it begins with {found[1]!r}, and the MLflow client adds 'Bearer' itself" if found else ""


def _quoted(key: str) -> str:
    quoted = len(key) > 1 and key[0] == key[-1] and key[0] in "\"'`"
    return "it stands in quotes, which are sent with it" if quoted else ""


def _placeholder(key: str) -> str:
    pattern = r"\$\{?\w+\}?|\$\(\w+\)|%\w+%|\$?\{\{[^{}]*\}\}|<[^>]+>"
    return "it is the name of a variable that was not filled in" if re.fullmatch(pattern, key) else ""


def _assignment(key: str) -> str:
    found = re.match(
        r"(?:export +)?[A-Z][A-Z0-9_]*_(?:TOKEN|KEY|SECRET|PASSWORD)=[^=]", key
    )  # no key in base32 or base64
    return "it begins with the name of a variable and '=', which were copied with it" if found else ""


def _reference(key: str) -> str:
    found = re.match(
        r"(op|vault|sm|awssm|gcpsm|azurekv|projects|arn:aws)(?:://|:secretsmanager:|/[\w-]+/secrets/)", key
    )
    return "it is the place of a secret, and not the secret: what fills it in did not run" if found else ""


def _file(key: str) -> str:
    return "it is the path of a file, and not what the file holds" if re.match(r"(?:~|\.{0,2})/[\w.-]+/", key) else ""


def _document(key: str) -> str:
    return "it is a JSON document, and the key is one of its values" if re.match(r"\{\s*\"", key) else ""


def _masked(key: str) -> str:
    return (
        "it was copied from where keys are hidden: it holds '***' or '...'" if re.search(r"\*{3}|\.{3}|…", key) else ""
    )


def _escaped(key: str) -> str:
    return "it ends with '\\n' as two characters, which a file or a variable added" if key.endswith(r"\n") else ""


def _encoded(key: str) -> str:
    if len(key) < _SHORTEST or len(key) % 4 or not re.fullmatch(r"[A-Za-z0-9+/]+={0,2}", key):
        return ""
    try:
        plain = base64.b64decode(key, validate=True).decode("ascii")
    except (binascii.Error, UnicodeDecodeError):
        return ""
    if not plain.rstrip("\r\n").isprintable():
        return ""
    if ":" in plain:
        return (
            "it is base64 of a user and a password: set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD instead"
        )
    return "it is base64 of a readable text, as Kubernetes shows a secret: decode it"


_SURE: tuple[Callable[[str], str], ...] = (_with_scheme, _quoted, _placeholder, _assignment)
_FORMS = (*_SURE, _reference, _file, _document, _masked, _escaped, _encoded)
