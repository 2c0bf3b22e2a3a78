"""The text of a failed check: requirement, expected, actual, where, evidence, and the command that reruns it."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from registry_conformance.judge.evidence.items import EvidenceItem, ExchangeItem
from registry_conformance.judge.requirement import Requirement

_WIDTH = 116
_INDENT = " " * 12
_MOST_REQUIREMENTS = 3
_MOST_EXCHANGES = 3
_MOST_OTHERS = 3
_LOG_TAIL = 2
_SNIPPET = 200


def render_failure(
    requirements: Sequence[Requirement],
    expected: str,
    actual: str,
    where: str,
    evidence: Sequence[EvidenceItem],
    rerun: str,
) -> str:
    """Return the text of a failed check, at most some twenty lines; the ``rerun`` command is never truncated."""
    lines = [_clip(f"{item.id} {item.level}  {item.text}") for item in requirements[:_MOST_REQUIREMENTS]]
    if len(requirements) > _MOST_REQUIREMENTS:
        lines.append(f"and {len(requirements) - _MOST_REQUIREMENTS} more requirements")
    for label, text, most in (("expected", expected, 2), ("actual", actual, 3), ("where", where, 1)):
        lines.extend(_labelled(label, _folded(text, most)))
    lines.extend(_labelled("evidence", list(_evidence(evidence))))
    lines.extend(_labelled("fix", [item.remedy_link for item in requirements[:1] if item.remedy]))
    lines.extend(_labelled("rerun", [rerun] if rerun else []))
    return "\n".join(lines)


def exchange_line(exchange: ExchangeItem) -> str:
    """Return one exchange in a line: ``PUT http://h/x -> 404 text/html 207 B in 12 ms, request id r-1``."""
    took = _duration(exchange.get("seconds") or 0.0)
    line = f"{exchange['method']} {exchange['url']} -> {_answer(exchange)} in {took}"
    return f"{line}, request id {exchange['request_id']}" if exchange.get("request_id") else line


def _answer(exchange: ExchangeItem) -> str:
    error = exchange.get("error")
    if exchange.get("status") is None:
        return error or "no answer"
    headers = {str(name).lower(): str(value) for name, value in exchange.get("response_headers") or ()}
    kind = headers.get("content-type", "").partition(";")[0] or "no content type"
    size = (exchange.get("response_body") or {}).get("size", 0)
    return f"{exchange['status']} {kind} {size} B" + (f" [{error}]" if error else "")


def _duration(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds >= 1 else f"{seconds * 1000:.0f} ms"


def _evidence(evidence: Sequence[EvidenceItem]) -> Iterator[str]:
    """Yield the last exchanges, with the bodies of the last and the last rejected one, then the rest, shortened."""
    exchanges = [item for item in evidence if item["kind"] == "exchange"]
    shown = exchanges[-_MOST_EXCHANGES:]
    if len(exchanges) > len(shown):
        yield f"{len(exchanges) - len(shown)} earlier exchanges are in the report"
    refused = [item for item in shown if (item.get("status") or 0) >= 400]
    decisive = [*refused[-1:], *shown[-1:]]
    for item in shown:
        yield _clip(exchange_line(item))
        if any(item is other for other in decisive):
            yield from _snippet(item)
    others = [line for item in evidence for line in _other_lines(item)]
    yield from others[:_MOST_OTHERS]
    if len(others) > _MOST_OTHERS:
        yield "more evidence is in the report"


def _snippet(exchange: ExchangeItem) -> Iterator[str]:
    text = " ".join(str((exchange.get("response_body") or {}).get("text") or "").split())
    if text:
        yield _clip(f"  {text[:_SNIPPET]}")


def _other_lines(item: EvidenceItem) -> Iterator[str]:
    if item["kind"] == "object":
        yield _clip(f"object {item['key']} {item['size']} B sha256 {str(item['sha256'])[:12]}")
    elif item["kind"] == "log":
        for line in item["lines"][-_LOG_TAIL:]:
            yield _clip(f"log of {item['part']}: {line.strip()}")
    elif item["kind"] == "note":
        yield _clip(f"note: {' '.join(str(item['text']).split())}")


def _labelled(label: str, lines: Sequence[str]) -> Iterator[str]:
    for number, line in enumerate(lines):
        yield f"  {label + ':':<10}{line}" if number == 0 else f"{_INDENT}{line}"


def _folded(text: str, most: int) -> list[str]:
    lines = textwrap.wrap(" ".join(text.split()), _WIDTH - len(_INDENT), break_on_hyphens=False)
    return lines if len(lines) <= most else [*lines[: most - 1], lines[most - 1] + " ..."]


def _clip(text: str) -> str:
    flat = text if "\n" not in text else " ".join(text.split())
    return flat if len(flat) <= _WIDTH * 2 else flat[: _WIDTH * 2 - 4] + " ..."
