"""The page over all targets of a night, in a real browser."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import expect

from registry_conformance.judge.verdict import Verdict, count
from registry_conformance.proof.nightly.index import render
from registry_conformance.proof.nightly.night import NightRun
from registry_conformance.proof.nightly.result import Result
from tests.browser import chromium

SHARES = count([Verdict.PASSED] * 90 + [Verdict.FAILED] * 10)
RESULTS = (
    Result("minio", "stack", 0, 61.0, "A third party can register a model here: all.", "verify-1", checks=SHARES),
    Result(
        "iam", "stack", 1, 95.0, "Do not ship: <b>2</b> failed.", "verify-2", "s", ("ROU-001",), ("no right (iam)",)
    ),
    Result("proof", "proof", 6, 5.0, "It left no report; it ended with exit code 6: see its log."),
)


def test_targets_stand_side_by_side(tmp_path: Path) -> None:
    """Each target has its verdict in words, its cause and a link; on a phone they stand below each other."""
    night = NightRun(tmp_path / "nights" / "night-1", "2026-01-02T03:00:00+00:00", RESULTS, changed=("iam",))
    file = tmp_path / "index.html"
    file.write_text(render(night, tmp_path))
    with chromium() as browser:
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(file.as_uri())
        expect(page.get_by_role("heading", level=1)).to_have_text("1 of 3 targets are fit to serve")
        expect(page.locator("#iam")).to_contain_text("<b>2</b> failed.")
        expect(page.locator("#iam")).to_contain_text("no right (iam)")
        expect(page.locator("#iam").get_by_role("link", name="Open the report")).to_have_attribute(
            "href", "iam/index.html"
        )
        expect(page.locator("#proof").get_by_role("link")).to_have_count(1)
        tops = page.eval_on_selector_all("article", "all => all.map(each => each.getBoundingClientRect().top)")
        assert len(set(tops)) == 1
        page.set_viewport_size({"width": 390, "height": 844})
        tops = page.eval_on_selector_all("article", "all => all.map(each => each.getBoundingClientRect().top)")
        assert len(set(tops)) == 3
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
