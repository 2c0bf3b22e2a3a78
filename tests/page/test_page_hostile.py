"""Kind: text of others in our page. Whatever a target answered, the page shows it, runs nothing of it, and works."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from registry_conformance.judge.report.page import render
from tests.doubles.hostile_content import ESCAPES, MARKUP
from tests.report_runs import mixed

INJECTED = "const added = document.createElement('script'); added.textContent = 'window.owned = true'; \
document.body.append(added); document.body.insertAdjacentText('beforeend', 'x');"


def poisoned(value: Any) -> Any:
    """Return a value with markup, scripts and escapes added to each of its texts that is no word of ours."""
    if isinstance(value, dict):
        return {name: each if name in ("kind", "verdict") else poisoned(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(poisoned(each) for each in value)
    return value + MARKUP + ESCAPES if isinstance(value, str) else value


@pytest.fixture(scope="module")
def hostile_page(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of a page whose every text of a target's means harm."""
    run = mixed()
    records = [
        replace(each, message=each.message + MARKUP, actual=each.actual + MARKUP, evidence=poisoned(each.evidence))
        for each in run.records
    ]
    target = {**run.target, "name": MARKUP, "versions": {"mlflow": MARKUP}}
    run = replace(run, records=records, target=target, problem=MARKUP, leftovers=(MARKUP,), command=MARKUP)
    file: Path = tmp_path_factory.mktemp("hostile") / "index.html"
    file.write_bytes(b"".join(render(run)))
    return file.as_uri()


def test_nothing_of_a_target_runs(page: Page, hostile_page: str) -> None:
    """The page opens every check without one script, picture or style of the target's, and says no error."""
    page.goto(hostile_page)
    for line in page.locator("a.line").all()[:5]:
        page.goto(hostile_page + str(line.get_attribute("href")))
    assert "owned" not in page.evaluate("document.title.replace(/<.*>/s, '')")
    assert page.locator("img").count() == 0


def test_the_policy_lets_nothing_else_run(browser: Browser, hostile_page: str) -> None:
    """A script that gets into the page all the same does not run, and no address is asked."""
    context: BrowserContext = browser.new_context(offline=True)
    tab, said = context.new_page(), []
    tab.on("console", lambda message: said.append(message.text))
    tab.goto(hostile_page)
    try:
        tab.evaluate(INJECTED)
    except Exception as problem:  # noqa: BLE001 - a policy on what may become a script refuses it by an error
        said.append(str(problem))
    assert tab.evaluate("window.owned") is None
    assert any("Content Security Policy" in text or "TrustedScript" in text for text in said), said
    context.close()


def test_every_page_has_the_policy(hostile_page: str) -> None:
    """The policy stands before all that it bounds, and lets no script, style or address in by a general word."""
    text = Path(hostile_page.removeprefix("file://")).read_text()
    policy = re.search(r'<meta http-equiv="Content-Security-Policy" content="([^"]+)">', text)
    assert policy
    assert text.index("Content-Security-Policy") < text.index("<style>")
    assert "default-src 'none'" in policy[1]
    assert not re.search(r"unsafe|\*|https?:", policy[1])
    assert ' style="' not in re.sub(r"<script.*?</script>", "", text, flags=re.DOTALL)
