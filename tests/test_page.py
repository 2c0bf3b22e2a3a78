"""The page as a person uses it, in a real browser: open, filter, search, expand, copy, link, print."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from fixtures.report.page import render
from fixtures.report.record import RunRecord
from fixtures.requirement import Level, Register, Requirement
from fixtures.verdict import Verdict
from tests.browser import chromium
from tests.report_runs import EVIDENCE, EXCHANGE, check, mixed, run_of

MANY = 2000
PHONE = {"width": 390, "height": 844}
RED = "suites/contract/area/test_area.py::test_routes"


def large() -> RunRecord:
    """Return a run of 2,000 checks of 200 requirements, one of them red, another with 300 checks."""
    ids = [f"MNY-{number:03}" for number in range(200)]
    register = Register(
        {i: Requirement(i, Level.MUST, "many", "proxy", f"Promise {i} is kept.", "x") for i in ids}, "r"
    )
    names = ["MNY-007"] * 300 + [ids[number % 200] for number in range(MANY - 300)]
    evidence = (EXCHANGE,) * 3
    records = [
        check(f"case[{number}]", Verdict.FAILED if number == 1000 else Verdict.PASSED, name, evidence=evidence)
        for number, name in enumerate(names)
    ]
    return run_of(*records, register=register, exit_code=1)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for all of these tests."""
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Name -> address of a page: ``mixed`` has everything, ``many`` 2,000 checks."""
    folder = tmp_path_factory.mktemp("pages")
    cause = {
        "id": "route-missing",
        "layer": "proxy",
        "cause": "no route <b>for</b> uploads",
        "confidence": 0.9,
        "alternative": False,
        "observations": ["404"],
        "remedy": "add one",
        "link": "docs/x.md#route-missing",
        "requirements": ["ROU-001"],
        "checks": [RED],
    }
    told = {"layer": "proxy", "cause": cause["cause"], "remedy": "add one"}
    run = mixed()
    records = [replace(each, diagnosis=told) if each.nodeid == RED else each for each in run.records]
    runs = {"mixed": replace(run, records=records, diagnosis=[cause]), "many": large()}
    for name, each in runs.items():
        (folder / f"{name}.html").write_bytes(b"".join(render(each)))
    return {name: (folder / f"{name}.html").as_uri() for name in runs}


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A browser that nobody used before, cut off from every network, and allowed to copy."""
    fresh = browser.new_context(offline=True, permissions=["clipboard-read", "clipboard-write"])
    yield fresh
    fresh.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A tab in which no script may fail and nothing may be fetched."""
    tab = context.new_page()
    wrong: list[str] = []
    tab.on("pageerror", lambda problem: wrong.append(str(problem)))
    tab.on("console", lambda said: wrong.append(said.text) if said.type in {"error", "warning"} else None)
    tab.on("request", lambda sent: wrong.append(sent.url) if not re.match("file:|data:|blob:", sent.url) else None)
    yield tab
    assert wrong == []


def shown(page: Page) -> list[str]:
    """Return the ids of the requirements that are not filtered out."""
    ids: list[str] = page.eval_on_selector_all(".req:not([hidden])", "found => found.map(each => each.id)")
    return ids


def test_verdict_and_causes_come_first(page: Page, pages: dict[str, str]) -> None:
    """The sentence is the heading; the cause, its remedy and the checks that it explains are there as text."""
    page.goto(pages["mixed"])

    expect(page.get_by_role("heading", level=1)).to_have_text("Do not ship")
    expect(page.locator("#causes")).to_contain_text("No route <b>for</b> uploads")
    expect(page.locator("#causes .cause")).to_contain_text("Explains 1 red check")
    expect(page.locator("#causes")).to_contain_text("Red, and explained by no cause")


def test_filters_and_search_narrow(page: Page, pages: dict[str, str]) -> None:
    """Verdict, level, area and words narrow the requirements, together; what is left is counted, and all comes back."""
    page.goto(pages["mixed"])
    assert len(shown(page)) == 5
    page.get_by_role("button", name="inconclusive").click()
    assert shown(page) == ["ERR-001"]
    page.get_by_role("button", name="error error 1").click()
    assert shown(page) == ["ROU-001", "ERR-001"]
    page.get_by_role("button", name="MUST").click()
    assert shown(page) == ["ROU-001"]
    expect(page.locator("#shown")).to_have_text("1 of 5 requirements, 2 of 5 checks")
    page.get_by_role("button", name="Clear").click()
    page.select_option("#area", "artifacts")
    assert shown(page) == ["ART-001"]
    page.get_by_role("button", name="Clear").click()
    page.get_by_role("searchbox").fill("refuses bad")
    assert shown(page) == ["AUT-001"]
    page.get_by_role("searchbox").fill("no such words")
    expect(page.get_by_text("No requirement fits.")).to_be_visible()
    page.get_by_role("button", name="Show all").click()
    assert len(shown(page)) == 5


def test_check_opens_to_its_evidence(page: Page, pages: dict[str, str]) -> None:
    """By keyboard: a requirement opens to its checks, a check to its exchanges hop by hop, objects, logs and notes."""
    page.goto(pages["mixed"])
    page.locator("#ROU-001 > summary").focus()
    page.keyboard.press("Enter")
    page.locator("#ROU-001 .check > summary").first.focus()
    page.keyboard.press("Enter")
    detail = page.locator("#ROU-001 .check .detail")
    expect(detail).to_contain_text("status 200")
    expect(detail).to_contain_text("the origin answered 200")
    detail.locator(".exchange > summary").first.focus()
    page.keyboard.press("Enter")

    expect(detail.locator(".hop").nth(1)).to_contain_text("proxy")
    expect(detail.locator(".both")).to_contain_text("<title>404 Not Found</title>")
    detail.locator(".hop-more > summary").first.click()
    expect(detail.locator(".hop-more pre").first).to_contain_text("route_not_found")


def test_commands_are_copied(page: Page, pages: dict[str, str]) -> None:
    """The curl command and the command that runs a check again go to the clipboard as they stand."""
    page.goto(f"{pages['mixed']}#check={RED}")
    page.locator(".check.target .exchange > summary").first.click()
    page.get_by_role("button", name="Copy the curl command").click()
    expect(page.get_by_role("status").filter(has_text="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == (
        f"curl -sS -i -X PUT {EXCHANGE['url']} "
        '-H "Authorization: Bearer $MLFLOW_TRACKING_TOKEN" --data-binary @body.bin  # 8192 B'
    )
    page.get_by_role("button", name="Copy the command").click()
    page.wait_for_function(f"navigator.clipboard.readText().then(text => text === \"pytest '{RED}'\")")


def test_link_leads_to_a_check(page: Page, pages: dict[str, str]) -> None:
    """A link to a check opens it, whatever was filtered; a link to a requirement opens that; an old one says so."""
    page.goto(pages["mixed"])
    page.get_by_role("searchbox").fill("stores")
    page.evaluate(f"location.hash = 'check={RED}'")
    expect(page.locator(".check.target .detail")).to_be_in_viewport()
    page.goto(f"{pages['mixed']}#ERR-001")
    page.reload()
    expect(page.locator("#ERR-001 .check")).to_be_in_viewport()
    page.evaluate("location.hash = 'check=gone'")
    expect(page.get_by_text("No such check in this run")).to_be_visible()


def test_registration_is_a_waterfall(page: Page, pages: dict[str, str]) -> None:
    """Each request of a registration is a bar under its step, later ones further right, and opens to the exchange."""
    page.goto(pages["mixed"])
    page.locator("#flow").scroll_into_view_if_needed()
    rows = page.locator("#waterfall tr.asked")
    expect(rows).to_have_count(len(EVIDENCE[1]["exchanges"]))
    expect(page.locator("#waterfall th")).to_have_text(["experiment", "run"])
    places = page.eval_on_selector_all("#waterfall .track i:first-child", "all => all.map(i => i.style.left)")
    assert float(places[0].rstrip("%")) == 0 < float(places[1].rstrip("%"))
    rows.last.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#waterfall .opened")).to_contain_text("404 Not Found")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours_follow_the_system_until_told_otherwise(browser: Browser, pages: dict[str, str], scheme: str) -> None:
    """Light and dark follow the system; the switch turns that round, and it is remembered."""
    context = browser.new_context(color_scheme="dark" if scheme == "dark" else "light")
    page = context.new_page()
    page.goto(pages["mixed"])

    def lightness() -> int:
        ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
        return int(re.findall(r"\d+", ground)[0])

    assert (lightness() < 128) is (scheme == "dark")
    page.get_by_role("button", name="Switch between light and dark").click()
    assert (lightness() < 128) is (scheme == "light")
    page.reload()
    assert (lightness() < 128) is (scheme == "light")
    context.close()


@pytest.mark.parametrize("name", ["mixed", "many"])
def test_phone_needs_no_sideways_scrolling(browser: Browser, pages: dict[str, str], name: str) -> None:
    """At the width of a phone nothing sticks out, a check's evidence included."""
    context = browser.new_context(viewport={"width": PHONE["width"], "height": PHONE["height"]})
    page = context.new_page()
    page.goto(pages[name])
    page.locator(".req > summary").first.click()
    page.locator(".check > summary").first.click()
    if name == "mixed":
        page.locator(".exchange > summary").first.click()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    context.close()


def test_many_checks_do_not_lag(page: Page, pages: dict[str, str]) -> None:
    """With 2,000 checks a search or filter is done within a frame or few, and a long list comes in parts."""
    page.goto(pages["many"])
    expect(page.locator("#shown")).to_have_text("200 requirements, 2000 checks")
    took = page.evaluate(
        """() => {
          const search = document.getElementById("query");
          const times = [];
          for (const words of ["case[1999]", "mny-007", "promise", "nothing like it", ""]) {
            const began = performance.now();
            search.value = words;
            search.dispatchEvent(new Event("input"));
            document.body.getBoundingClientRect();
            times.push(performance.now() - began);
          }
          return times.sort((a, b) => a - b)[2];
        }"""
    )
    blank = page.evaluate(
        "(() => { const b = performance.now(); let n = 0; while (n < 2e7) n += 1; return performance.now() - b; })()"
    )
    assert took < blank * 10, f"{took:.0f} ms against {blank:.0f} ms for twenty million additions"
    page.locator("#MNY-007 > summary").click()
    expect(page.locator("#MNY-007 .check")).to_have_count(100)
    page.locator("#MNY-007").get_by_role("button", name="more of").click()
    expect(page.locator("#MNY-007 .check")).to_have_count(200)
    page.evaluate("location.hash = 'check=suites/contract/area/test_area.py::test_case[299]'")
    expect(page.locator(".check.target .detail")).to_be_visible()


def test_print_opens_what_is_red(page: Page, pages: dict[str, str]) -> None:
    """On paper the tools are gone and what is red is open; a reader without scripts has all requirements."""
    page.goto(pages["mixed"])
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    expect(page.locator("#query")).to_be_hidden()
    expect(page.locator("#ROU-001 .check").first).to_be_visible()
    assert len(page.pdf()) > 10_000


def test_page_speaks_to_screen_readers(page: Page, pages: dict[str, str]) -> None:
    """Every control and picture has a name, headings follow each other, and no verdict is told by colour alone."""
    page.goto(pages["mixed"])
    nameless = page.evaluate(
        """() => [...document.querySelectorAll("button, input, select, [role=img]")].filter((each) =>
          !each.getAttribute("aria-label") && !each.getAttribute("aria-labelledby") && !each.textContent.trim()
          && !each.labels?.length).map((each) => each.outerHTML)"""
    )
    levels = page.eval_on_selector_all("h1, h2, h3, h4", "all => all.map(each => Number(each.tagName[1]))")

    assert nameless == []
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert page.locator("#ROU-001 > summary .mark").inner_text().strip() != ""
    assert page.evaluate("document.documentElement.lang") == "en"
