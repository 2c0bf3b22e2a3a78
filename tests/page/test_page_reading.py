"""Reading a page as people do, in a real browser: by eye, keyboard, voice, phone and paper."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.conftest import eventually
from tests.page.conftest import GREEN, RED
from tests.report_runs import EXCHANGE, FLOW

PHONE = {"width": 390, "height": 844}


def test_verdict_and_causes_come_first(page: Page, pages: dict[str, str]) -> None:
    """The sentence is the heading; the cause, its remedy and the checks that it explains are there as text."""
    page.goto(pages["mixed"])

    expect(page.get_by_role("heading", level=1)).to_have_text("Do not ship")
    expect(page.locator("#causes")).to_contain_text("No route <b>for</b> uploads")
    expect(page.locator("#causes .cause")).to_contain_text("Explains 1 red check")
    expect(page.locator("#causes")).to_contain_text("Not explained by any cause above")


def test_page_says_who_was_judged(page: Page, pages: dict[str, str]) -> None:
    """Doors, versions, images by digest, ways, and what the target does not do, with the reason, are there."""
    page.goto(pages["mixed"])
    target = page.locator("#target")
    for words in (
        "http://127.0.0.1:8080/api/mlflow",
        "3.17.2",
        "presigned",
        "store-keys the store does not enforce keys",
    ):
        expect(target).to_contain_text(words)
    target.get_by_text("Images, by digest").click()
    expect(target.get_by_text("sha256:4711")).to_be_visible()


def test_changes_say_whose_they_are(page: Page, pages: dict[str, str]) -> None:
    """What is newly red has its claim and the layer at fault, and leads to the check; what is gone leads nowhere."""
    page.goto(pages["mixed"])
    red = page.locator(".change.newly_red")
    expect(red.get_by_role("heading")).to_have_text("2 newly red 1 proxy, 1 not explained")
    expect(red.locator("li").first).to_contain_text("ROU-001 Claim of routes.")
    expect(red.locator("li").first).to_contain_text("proxy passed → failed: PUT http://127.0.0.1:8080/…")
    expect(red.locator("li").first).to_contain_text("b.bin → 404")
    expect(page.locator(".change.gone")).to_contain_text("ART-001 test_area.py::test_gone")
    expect(page.locator(".change.gone").get_by_role("link")).to_have_count(0)
    expect(page.locator(".change.versions li")).to_have_text(re.compile(r"mlflow\s*3.16.0 → 3.17.2"))
    red.get_by_role("link").first.click()
    expect(page.locator(".check.target .detail")).to_be_in_viewport()


def test_thirty_nights_are_a_picture_and_a_table(page: Page, pages: dict[str, str]) -> None:
    """Each of the last thirty nights is a column, said in words, and a row of a table with its red checks and pace."""
    page.goto(pages["mixed"])
    columns = page.locator(".trend .night")
    expect(columns).to_have_count(30)
    expect(columns.last).to_contain_text("30 December 2025, 03:04 UTC: Do not ship")
    expect(page.locator(".days")).to_have_text(re.compile(r"1 Dec\s*30 Dec"))
    page.get_by_text("The same as a table").click()
    expect(page.locator(".nights tbody tr").first).to_have_text(re.compile(r"30 Dec .*Do not ship\s*1\s*3.9"))
    expect(page.locator(".nights tbody tr")).to_have_count(30)


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


def test_registration_is_a_waterfall(page: Page, pages: dict[str, str]) -> None:
    """Each request of a registration is a bar under its step, later ones further right, and opens to the exchange."""
    page.goto(pages["mixed"])
    page.locator("#flow").scroll_into_view_if_needed()
    rows = page.locator("#waterfall .asked > summary")
    expect(rows).to_have_count(len(FLOW["exchanges"]))
    expect(page.locator("#waterfall h3")).to_have_text(["experiment", "run"])
    places = page.eval_on_selector_all("#waterfall .track i:first-child", "all => all.map(i => i.style.left)")
    assert float(places[0].rstrip("%")) == 0 < float(places[1].rstrip("%"))
    rows.last.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#waterfall .asked[open]")).to_contain_text("404 Not Found")
    expect(page.locator("#flows option:checked")).to_have_text("a sklearn model at canonical (broke off)")
    page.goto(f"{pages['mixed']}#check={GREEN}")
    page.get_by_role("link", name="see the waterfall").click()
    expect(page.locator("#flows option:checked")).to_have_text("a pyfunc model at literal")
    expect(page.locator("#flow-problem")).to_be_hidden()


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

    def remembered() -> bool:
        page.reload()  # what a tab stores is there for the next a moment later
        return (lightness() < 128) is (scheme == "light")

    eventually(remembered, "the choice is remembered")
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
        page.locator("#waterfall .asked > summary").first.click()
        expect(page.locator("#flow-problem")).to_contain_text("It broke off after experiment")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    page.evaluate("document.querySelectorAll('#profiles > p').forEach(each => each.append('/long'.repeat(60)))")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], "a long address is broken"
    context.close()


def test_print_opens_what_is_red(page: Page, pages: dict[str, str]) -> None:
    """On paper the tools are gone, what is red is open at once, the registration is there, and dark is light."""
    page.goto(pages["mixed"])
    page.get_by_role("button", name="Switch between light and dark").click()
    page.emulate_media(media="print")
    checks = page.evaluate("dispatchEvent(new Event('beforeprint')) && document.querySelectorAll('.check').length")
    expect(page.locator("#query")).to_be_hidden()
    expect(page.locator("#ROU-001 .check").first).to_be_visible()
    expect(page.locator("#waterfall .asked").first).to_be_visible()
    assert checks == 3
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert len(page.pdf()) > 10_000
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    expect(page.locator("#ROU-001 .check").first).to_be_hidden()


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
    assert page.locator("#ROU-001 > summary .mark").text_content() == "!error"
    assert page.evaluate("document.documentElement.lang") == "en"
