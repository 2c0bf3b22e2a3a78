"""MLflow's own page behind a proxy, in a real browser: what it may do with what the browser holds."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, HttpCredentials, Page, Response

from registry_conformance.judge.clients.mlflow_http import MlflowHttp
from registry_conformance.judge.evidence.recorder import Evidence
from registry_conformance.judge.expect import require
from registry_conformance.judge.locations import cache_folder
from registry_conformance.judge.machine import new_run_id
from registry_conformance.judge.target.credential import CommandToken, Credential, Password
from registry_conformance.lab.deployment import REFERENCE
from registry_conformance.lab.external.mlflow_command import COMMANDS, MlflowCommand
from registry_conformance.lab.external.neighbour import Neighbour, NeighbourError
from registry_conformance.lab.stack.handle import OwnedStack
from registry_conformance.lab.stack.request import StackRequest
from tests.browser import chromium
from tests.optional import need
from tests.web_answers import Answer, always, site

FOREIGN = "elsewhere.test"
"""A site that has nothing to do with the registry; the browser finds it on this machine."""
PATIENCE = 180_000.0
"""Milliseconds that a page may take on a machine that has no time."""
AJAX = "/ajax-api/2.0/mlflow"
ANYTHING = {"max_results": 1}
REFUSED = (302, 401, 403)
"""How a browser is turned away, or sent to sign in."""
TEXT = "a file that the page sent\n"
SEND = """async ([path, kind, body]) => {
    const answer = await fetch(path, {method: "POST", headers: {"Content-Type": kind}, body: body});
    return answer.status;
}"""
SCRIPT = """<script>fetch("%s", {method: "POST", mode: "no-cors", credentials: "include", body: "forged"});</script>"""
FORM = """<form method="post" enctype="text/plain" action="%s"><input name='{"name": "%s", "description": "'
value='"}'></form><script>document.forms[0].submit()</script>"""


@dataclass(frozen=True)
class Registry:
    """A registry with a page: the credential that programs have there, and how they ask it."""

    url: str
    credential: Credential | None
    client: MlflowHttp

    @property
    def password(self) -> HttpCredentials | None:
        """What a browser is told, where the registry asks for a password."""
        held = self.credential
        return {"username": held.user, "password": held.password} if isinstance(held, Password) else None

    def run(self) -> str:
        """Return the id of a new run."""
        experiment = require(self.client.create_experiment(f"page-{token_hex(4)}"), 200).document["experiment_id"]
        made = require(self.client.post("runs/create", experiment_id=experiment), 200)
        return str(made.document["run"]["info"]["run_id"])

    def has_model(self, name: str) -> bool:
        """Return whether a model of that name was made."""
        return require(self.client.get("registered-models/get", name=name), 200, 404).status == 200

    def files(self, run: str) -> list[str]:
        """Return the names of a run's files."""
        listed = require(self.client.get("artifacts/list", run_id=run), 200).document
        return [entry["path"] for entry in listed.get("files", [])]


@contextmanager
def registry_of(neighbour: Neighbour, command: MlflowCommand | None = None) -> Iterator[Registry]:
    """Start a registry; skip if its proxy is not installed."""
    try:
        need(neighbour.name == "none" or neighbour.program.path, "its proxy is needed")
    except NeighbourError as problem:
        need(None, str(problem))
    request = StackRequest(new_run_id(), REFERENCE, cache=cache_folder(), neighbour=neighbour, command=command)
    stack = OwnedStack(request)
    try:
        target = stack.target()
        door = target.doors[0]
        yield Registry(door.url, target.key_at(door), MlflowHttp(door, target.key_at(door), Evidence(), "page"))
    finally:
        stack.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser, which finds the foreign site on this machine."""
    with chromium(f"--host-resolver-rules=MAP {FOREIGN} 127.0.0.1") as opened:
        yield opened


@pytest.fixture(scope="module", params=["cookie", "password"])
def registry(request: pytest.FixtureRequest) -> Iterator[Registry]:
    """A registry whose page is let in by a cookie of oauth2-proxy, or by a password that MLflow itself asks for."""
    by_cookie = request.param == "cookie"
    neighbour = Neighbour("oauth2-proxy", "token-browser") if by_cookie else Neighbour("none")
    with registry_of(neighbour, None if by_cookie else COMMANDS["basic-auth"]) as started:
        yield started


@pytest.fixture
def context(browser: Browser, registry: Registry) -> Iterator[BrowserContext]:
    """A browser that nobody used before, told the password where one is asked for."""
    fresh = browser.new_context(http_credentials=registry.password)
    fresh.set_default_timeout(PATIENCE)
    yield fresh
    fresh.close()


@pytest.fixture
def page(context: BrowserContext, registry: Registry) -> Page:
    """MLflow's page, opened by a person who signs in where that is asked for."""
    opened = context.new_page()
    opened.goto(registry.url)
    if isinstance(registry.credential, CommandToken):
        secret = next(Path(part) for part in registry.credential.command if part.endswith("client-secret"))
        opened.get_by_label("User").fill("mlflow")
        opened.get_by_label("Password").fill(secret.read_text(encoding="utf-8"))
        opened.get_by_role("button", name="Sign in").click()
    opened.locator("#root > *").first.wait_for()
    return opened


def visit_foreign(page: Page, registry: Registry, content: str) -> Response | None:
    """Open a page of the foreign site that asks the registry for something; return what it was answered."""
    with site(always(Answer(200, content))) as there:
        asks = page.expect_request(lambda sent: sent.method == "POST" and sent.url.startswith(registry.url))
        with asks as sent:
            page.goto(f"http://{FOREIGN}:{urlsplit(there.url).port}/")
        return sent.value.response()


def test_page_s_own_requests_are_let_in(page: Page, registry: Registry) -> None:
    """The page shows what is in the registry: each of its requests passes with what the browser holds."""
    met: list[Response] = []
    page.on("response", lambda answer: met.append(answer) if "/ajax-api/" in answer.url else None)
    name = f"page-{token_hex(4)}"
    require(registry.client.create_experiment(name), 200)
    page.goto(f"{registry.url}/#/experiments")
    page.reload()
    page.get_by_text(name).first.wait_for()

    assert met
    assert [f"{answer.status} {answer.url}" for answer in met if answer.status in REFUSED] == []


def test_page_uploads_and_downloads(page: Page, registry: Registry) -> None:
    """A file that the page uploads is in the registry, and comes back when its link is followed."""
    run = registry.run()
    sent = page.evaluate(SEND, [f"{AJAX}/upload-artifact?run_uuid={run}&path=a.bin", "text/plain", TEXT])
    with page.expect_download() as download:
        page.evaluate("path => { location.href = path }", f"/get-artifact?run_uuid={run}&path=a.bin")

    assert (sent, registry.files(run)) == (200, ["a.bin"])
    assert download.value.path().read_text(encoding="utf-8") == TEXT


def test_foreign_form_makes_nothing(page: Page, registry: Registry) -> None:
    """A form that another site sends is not acted upon, though the browser is signed in; the page's own request is."""
    name = f"page-{token_hex(4)}"
    visit_foreign(page, registry, FORM % (f"{registry.url}{AJAX}/registered-models/create", name))
    assert not registry.has_model(name)
    page.goto(registry.url)
    own = [f"{AJAX}/registered-models/create", "application/json", json.dumps({"name": name})]

    assert page.evaluate(SEND, own) == 200
    assert registry.has_model(name)


def test_foreign_script_uploads_nothing(page: Page, registry: Registry) -> None:
    """A file that another site's script sends is not stored, though the browser is signed in."""
    run = registry.run()
    visit_foreign(page, registry, SCRIPT % f"{registry.url}{AJAX}/upload-artifact?run_uuid={run}&path=forged.bin")

    assert registry.files(run) == []


def test_foreign_script_uploads_where_nothing_is_checked(browser: Browser) -> None:
    """The same script does upload to an MLflow that is told to check no request: what was refused is an attack."""
    unguarded = MlflowCommand("no-checks", ("--workers", "1", "--disable-security-middleware"))
    with registry_of(Neighbour("none"), unguarded) as open_to_all:
        page = browser.new_page()
        page.set_default_timeout(PATIENCE)
        run = open_to_all.run()
        place = f"{open_to_all.url}{AJAX}/upload-artifact?run_uuid={run}&path=forged.bin"
        visit_foreign(page, open_to_all, SCRIPT % place)
        page.close()

        assert open_to_all.files(run) == ["forged.bin"]


def test_browser_that_is_not_signed_in_is_let_into_nothing(browser: Browser, registry: Registry) -> None:
    """A browser that is not signed in gets no page of MLflow's, and no request of its passes."""
    with browser.new_context() as stranger:
        met = [
            stranger.request.get(registry.url, max_redirects=0),
            stranger.request.post(f"{registry.url}{AJAX}/experiments/search", data=ANYTHING, max_redirects=0),
        ]

    assert [answer.status for answer in met if answer.status not in REFUSED] == []


@pytest.mark.parametrize("registry", ["cookie"], indirect=True)
def test_signing_off_ends_it(page: Page, registry: Registry) -> None:
    """Who signs off is asked to sign in again, and no request of the page passes any more."""
    search = f"{registry.url}{AJAX}/experiments/search"
    before = page.context.request.post(search, data=ANYTHING, max_redirects=0)
    page.goto(f"{registry.url}/oauth2/sign_out")
    after = page.context.request.post(search, data=ANYTHING, max_redirects=0)
    page.goto(registry.url)

    assert before.status == 200
    assert after.status in REFUSED
    assert page.get_by_label("Password").count() == 1
