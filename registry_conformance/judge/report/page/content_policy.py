"""The content security policy of a page: only its own scripts and styles run, whatever a target returned."""

from __future__ import annotations

import base64
import hashlib
import re

_INLINE = re.compile(r"<(script|style)>(.*?)</\1>", re.DOTALL)
"""What runs, or styles: these elements have no attribute. Evidence is in elements that have a type, and never runs."""
_FIRST = '<meta charset="utf-8">'
_NONE = "'none'"
_ELSE = "img-src data:; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'"


def with_policy(page: str) -> str:
    """Return a page that allows only the scripts and styles that it has now; nothing is fetched."""
    hashes: dict[str, list[str]] = {"script": [], "style": []}
    for kind, text in _INLINE.findall(page):
        hashes[kind].append(f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'")
    sources = "; ".join(f"{kind}-src {' '.join(found) or _NONE}" for kind, found in hashes.items())
    policy = f"default-src 'none'; {sources}; {_ELSE}"
    return page.replace(_FIRST, f'{_FIRST}\n<meta http-equiv="Content-Security-Policy" content="{policy}">', 1)
