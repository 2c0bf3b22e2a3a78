"""Finding one's way in a page, in a real browser: filter, search, links, many checks."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.page.conftest import RED


def shown(page: Page) -> list[str]:
    """Return the ids of the requirements that are not filtered out."""
    ids: list[str] = page.eval_on_selector_all(".req:not([hidden])", "found => found.map(each => each.id)")
    return ids


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


def test_link_leads_to_a_selection(page: Page, pages: dict[str, str]) -> None:
    """The numbers above and the table of areas and levels lead to the requirements that they count; so can a link."""
    page.goto(pages["mixed"])
    left = page.locator(".req:not([hidden]) > summary code")
    page.get_by_role("link", name="1 error").click()
    expect(left).to_have_text(["ROU-001"])
    page.locator(".areas").get_by_role("link", name="errors", exact=True).click()
    expect(left).to_have_text(["ERR-001"])
    cell = page.locator(".areas tr", has_text="artifacts").get_by_role("link").nth(1)
    expect(cell).to_have_text("✓passed 1 of 1")
    cell.click()
    expect(left).to_have_text(["ART-001"])
    page.goto(f"{pages['mixed']}#show=SHOULD,inconclusive,nonsense")
    page.reload()
    expect(left).to_have_text(["ERR-001"])
    expect(page.get_by_role("button", name="SHOULD")).to_have_attribute("aria-pressed", "true")


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


def test_many_checks_do_not_lag(page: Page, pages: dict[str, str]) -> None:
    """With 2,000 checks a search or filter is done within a frame or few, and a long list comes in parts."""
    page.goto(pages["many"])
    expect(page.locator("#shown")).to_have_text("200 requirements, 2000 checks")
    took = page.evaluate(
        """() => {
          const search = document.getElementById("query");
          const searched = (words) => {
            const began = performance.now();
            search.value = words;
            search.dispatchEvent(new Event("input"));
            document.body.getBoundingClientRect();
            return performance.now() - began;
          };
          const times = ["case[1999]", "mny-007", "promise", "nothing like it", ""].map(
            (words) => Math.min(...Array.from({ length: 5 }, () => (searched(" "), searched(words))))
          );
          return times.sort((a, b) => a - b)[2];
        }"""
    )
    blank = page.evaluate(
        """() => Math.min(...Array.from({ length: 5 }, () => {
          const began = performance.now();
          let n = 0;
          while (n < 2e7) n += 1;
          return performance.now() - began;
        }))"""
    )
    assert took < blank * 10, f"{took:.0f} ms against {blank:.0f} ms for twenty million additions"
    page.locator("#MNY-007 > summary").click()
    expect(page.locator("#MNY-007 .check")).to_have_count(100)
    page.locator("#MNY-007").get_by_role("button", name="more of").click()
    expect(page.locator("#MNY-007 .check")).to_have_count(200)
    page.evaluate("location.hash = 'check=suites/contract/area/test_area.py::test_case[299]'")
    expect(page.locator(".check.target .detail")).to_be_visible()
