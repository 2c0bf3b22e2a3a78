"""The page of a doctor bundle: the verdict, causes, facts, and exchanges."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from html import escape
from pathlib import Path
from typing import Any

from registry_conformance.judge.limited_reading import DOCUMENTS, read_text
from registry_conformance.judge.owned_file import write_owned
from registry_conformance.judge.report.forms import Form, FormError, conforms
from registry_conformance.judge.report.printable import all_visible

SCHEMA = "doctor-bundle.v1"
_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem; color: #222 }
h1 { font-size: 1.4rem } h2 { font-size: 1.1rem; margin-top: 2rem } summary { cursor: pointer }
pre { background: #f4f4f4; padding: .6rem; overflow-x: auto; white-space: pre-wrap }
table { border-collapse: collapse; width: 100% }
td, th { text-align: left; vertical-align: top; padding: .2rem .6rem; border-bottom: 1px solid #ddd }
tr.anomaly td { background: #fff0f0 }
"""
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


class BundleUnreadableError(ValueError):
    """A file is not a doctor bundle, or is incomplete; the message says which."""


class _TargetForm(Form):
    name: str
    doors: dict[str, str]


class _CauseForm(Form):
    band: str
    layer: str
    cause: str
    observations: list[str]
    remedy: str


class _FactForm(Form):
    normal: bool
    value: str
    sentence: str


class _BundleForm(Form):
    target: _TargetForm
    verdict: list[str]
    diagnosis: list[_CauseForm]
    facts: dict[str, _FactForm]
    exchanges: list[dict[str, Any]]


def is_bundle(file: Path) -> bool:
    """Return whether a file claims to be a doctor bundle."""
    try:
        with file.open(encoding="utf-8", errors="replace") as opened:
            return re.search(rf'"schema"\s*:\s*"{re.escape(SCHEMA)}"', opened.read(4096)) is not None
    except OSError:
        return False


def render_bundle(file: Path, folder: Path) -> Path:
    """Write the page of a bundle to a folder; return its path.

    Raises ``BundleUnreadableError`` or ``OSError``.
    """
    try:
        bundle = all_visible(json.loads(read_text(file, DOCUMENTS)))
        conforms(_BundleForm, bundle)
    except FormError as problem:
        raise BundleUnreadableError(f"{file}: says that it is {SCHEMA}, but {problem}") from None
    except (ValueError, RecursionError) as problem:
        raise BundleUnreadableError(f"{file}: is no whole bundle of the doctor's; write it anew") from problem
    page = "\n".join(_page(bundle))
    folder.mkdir(parents=True, exist_ok=True)
    written = folder / "index.html"
    write_owned(written, page)
    return written


def _page(bundle: Mapping[str, Any]) -> Iterator[str]:
    name = escape(str(bundle["target"]["name"]))
    yield "<!doctype html><html lang='en'><head><meta charset='utf-8'>"
    yield f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
    yield "<meta name='viewport' content='width=device-width, initial-scale=1'>"
    yield f"<title>Doctor: {name}</title><style>{_STYLE}</style></head><body>"
    yield f"<h1>Doctor: {name}, {escape(', '.join(map(str, bundle['target']['doors'].values())))}</h1>"
    yield from (f"<p><strong>{escape(str(line))}</strong></p>" for line in bundle["verdict"])
    yield from _causes(bundle["diagnosis"])
    yield from _facts(bundle["facts"])
    yield from _exchanges(bundle["exchanges"])
    yield "</body></html>"


def _causes(causes: list[Mapping[str, Any]]) -> Iterator[str]:
    for cause in causes:
        sure = escape(f"{cause['band']}, {cause['layer'] or 'no layer shown'}")
        yield f"<h2>{escape(str(cause['cause']))}</h2><p>{sure}</p>"
        yield "<ul>" + "".join(f"<li>{escape(str(seen))}</li>" for seen in cause["observations"]) + "</ul>"
        yield f"<p>Fix: {escape(str(cause['remedy']))}</p>"


def _facts(facts: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    yield "<h2>What was seen</h2><table><tr><th>fact</th><th>value</th><th>in words</th></tr>"
    for name, fact in sorted(facts.items(), key=lambda each: bool(each[1]["normal"])):
        kind = "" if fact["normal"] else " class='anomaly'"
        cells = (name, str(fact["value"]) or "not seen", str(fact["sentence"]))
        yield f"<tr{kind}>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>"
    yield "</table>"


def _exchanges(exchanges: list[Mapping[str, Any]]) -> Iterator[str]:
    yield f"<h2>{len(exchanges)} exchanges</h2>"
    for each in exchanges:
        head = f"{each.get('fact')}: {each.get('method')} {each.get('url')}: {each.get('status') or each.get('error')}"
        yield f"<details><summary>{escape(head)}</summary>"
        yield f"<pre>{escape(json.dumps(each, ensure_ascii=False, indent=1))}</pre></details>"
