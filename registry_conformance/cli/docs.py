"""``docs``: the generated pages of a checkout."""

from __future__ import annotations

import click

from registry_conformance.cli.problems import could_not, refuse
from registry_conformance.judge.locations import CHECKOUT
from registry_conformance.judge.temporary import temporary_folder


@click.command()
@click.option(
    "--check", is_flag=True, help="Write nothing; list the pages that are out of date, and exit with 1 if there is one."
)
def command(check: bool) -> int:
    """Write the generated pages of docs/: requirements, account, troubleshooting, compatibility, artifact API.

    \b
    Example:
      registry-conformance docs --check

    Exit codes: 0 written, or up to date; 1 out of date, with --check; 2 interrupted; 4 no checkout; 6 the checks do not
    collect or the stack does not start.
    """
    from registry_conformance.documents import pages
    from registry_conformance.documents.check_listing import ListingError
    from registry_conformance.judge.machine import isolate
    from registry_conformance.lab.stack.handle import StackError

    if CHECKOUT is None:
        raise refuse("the pages lie in a checkout of the project: run it there")
    isolate()
    try:
        written = {
            pages.TROUBLESHOOTING: pages.troubleshooting_page(),
            pages.REQUIREMENTS: pages.requirements_page(),
            pages.S3_REQUIREMENTS: pages.s3_requirements_page(),
            pages.COMPATIBILITY: pages.compatibility_page(),
            pages.REFERENCE_MODULE: pages.reference_module(),
            pages.SCORE: pages.score_page(),
            pages.SCORE_BADGE: pages.score_badge(),
            pages.FIELD: pages.field_page(),
            pages.ARTIFACT_API: _observed(),
        }
    except (ListingError, StackError) as problem:
        raise could_not(problem) from problem
    stale = {page: text for page, text in written.items() if pages.is_stale(page, text)}
    for page in written:
        word = "up to date:"
        if page in stale:
            word = "out of date:" if check else "wrote"
        click.echo(f"{word} {page.relative_to(CHECKOUT)}")
    if check:
        return int(bool(stale))
    for page, text in stale.items():
        page.write_text(text)
    return 0


def _observed() -> str:
    """Return the artifact API's page from a stack of our own, on the store that every machine has."""
    from registry_conformance.documents.pages import artifact_api_page
    from registry_conformance.judge.machine import new_run_id
    from registry_conformance.lab.stack.handle import OwnedStack
    from registry_conformance.lab.stack.request import StackRequest

    with temporary_folder("docs-") as cache:
        stack = OwnedStack(StackRequest(new_run_id(), cache=cache))
        try:
            return artifact_api_page(stack.target())
        finally:
            stack.close()
