"""Characters of a secret that cannot be sent: told by their kind, never shown."""

from __future__ import annotations

_BYTES = range(0xDC80, 0xDD00)
"""What Python makes of a byte of a variable that is no UTF-8."""


def unsendable(secret: str) -> str:
    """Return what a secret contains that the MLflow client cannot send, and how to do without; empty if nothing."""
    if not secret or (secret == secret.strip() and secret.isprintable()):
        return ""
    if secret != secret.strip() or any(character.isspace() and character != " " for character in secret):
        return "a line break or white space; set it without, for example with printf '%s' instead of echo"
    if any(ord(character) in _BYTES for character in secret):
        return "a byte that is no UTF-8, as in a key that is binary, or cut; copy it anew from where it was issued"
    odd = next(character for character in secret if not character.isprintable())
    kind = "a control character" if odd.isascii() else "an invisible character"
    return f"{kind} (U+{ord(odd):04X}), as a terminal or a document adds; copy the key anew from where it was issued"
