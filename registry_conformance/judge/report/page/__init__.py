"""The page that people open: one self-contained HTML file, rendered from the records."""

from registry_conformance.judge.report.page.render import render

__all__ = ["render"]
