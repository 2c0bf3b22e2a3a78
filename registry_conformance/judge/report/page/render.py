"""Renders the page of a run; evidence comes last, in pieces."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from registry_conformance.judge.report.page.content_policy import with_policy
from registry_conformance.judge.report.page.embed import Evidence, embedded
from registry_conformance.judge.report.page.load_plot import load_plot
from registry_conformance.judge.report.page.plot import plot
from registry_conformance.judge.report.page.view import view
from registry_conformance.judge.report.record import RunRecord
from registry_conformance.judge.report.tally import shown_layer

TEMPLATES = Path(__file__).parent / "templates"
_BREAK = "<!-- evidence -->"
_SHARE_RULES = "".join(f".w{share}{{width:{share}%}}.h{share}{{flex-basis:{share}%}}" for share in range(101))
"""A class for each percent: the page's policy lets no element have a style of its own."""


def environment(*folders: Path) -> Environment:
    """Return the templates in these folders and the page's own: texts are escaped, styles and scripts are not."""
    loader = FileSystemLoader([*folders, TEMPLATES])
    found = Environment(
        loader=loader,
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters["shown_layer"] = shown_layer
    found.globals["share_rules"] = Markup(_SHARE_RULES)  # noqa: S704 - as below, numbers of ours
    found.globals["asset"] = lambda name: Markup(loader.get_source(found, name)[0])  # noqa: S704 - a file of ours
    return found


def render(run: RunRecord) -> Iterator[bytes]:
    """Yield the page of a run as UTF-8; only one piece of evidence is in memory at a time."""
    evidence = Evidence(run)
    page = with_policy(
        environment().get_template("page.html.j2").render(**view(run), plot=plot(run), load=load_plot(run))
    )
    before, _, after = page.partition(_BREAK)
    yield before.encode()
    for piece in evidence.pieces():
        yield piece.encode()
    yield embedded("index", evidence.index()).encode()
    yield after.encode()
