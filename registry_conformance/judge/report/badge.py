"""An SVG badge for a README: the target and the verdict."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from registry_conformance.judge.report import tally
from registry_conformance.judge.report.conclusion import sentence
from registry_conformance.judge.report.record import RunRecord
from registry_conformance.judge.requirement import Level
from registry_conformance.judge.verdict import Verdict

COLOURS = {"good": "#15703f", "bad": "#c5221f", "doubt": "#a15800"}
_LABEL = "registry"


def render(run: RunRecord) -> Iterator[bytes]:
    """Yield the SVG of a run."""
    yield picture(_LABEL, _words(run), COLOURS[tally.mood(run)], sentence(run))


def picture(label: str, words: str, colour: str, title: str) -> bytes:
    """Return an SVG of two fields, ``label`` and ``words``, the second in ``colour``."""
    left, right = 14 + 6.6 * len(label), 14 + 6.6 * len(words)
    width = round(left + right)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="20" role="img" '
        f'aria-label="{label}: {escape(words)}">'
        f"<title>{escape(title)}</title>"
        f'<clipPath id="r"><rect width="{width}" height="20" rx="4"/></clipPath><g clip-path="url(#r)">'
        f'<rect width="{left:.0f}" height="20" fill="#3c434b"/>'
        f'<rect x="{left:.0f}" width="{right:.0f}" height="20" fill="{colour}"/></g>'
        '<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11" text-anchor="middle">'
        f'<text x="{left / 2:.1f}" y="14" textLength="{left - 12:.0f}">{label}</text>'
        f'<text x="{left + right / 2:.1f}" y="14" textLength="{right - 12:.0f}">{escape(words)}</text></g></svg>\n'
    ).encode()


def _words(run: RunRecord) -> str:
    must = tally.of_level(run, tally.verdicts(run), Level.MUST)
    passed = len(tally.with_verdict(must, Verdict.PASSED))
    if run.exit_code == 0:
        return f"{passed} of {len(must)} MUST"
    failed = len(tally.with_verdict(must, Verdict.FAILED, Verdict.ERROR))
    if failed:
        return f"{failed} of {len(must)} MUST failed"
    return "red" if tally.mood(run) == "bad" else "not verified"
