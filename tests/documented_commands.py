"""The commands that the pages tell a reader to type, and how each is tried: as written, or why it is not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from registry_conformance.judge.locations import ROOT

PAGES = (
    "README.md",
    "CONTRIBUTING.md",
    "ARCHITECTURE.md",
    *(f"docs/{file.name}" for file in sorted((ROOT / "docs").glob("*.md"))),
    "reports/README.md",
    "suites/live/README.md",
)
_PROGRAMS = "make|pytest|python|registry-conformance|uvx|docker|terraform|export|aws|mc"
_STARTS = rf"(?:(?:{_PROGRAMS}) [^(\s`]|(?:scripts|\.ci|\.venv/bin)/[^\s`]+(?![^\s`]))"
_IN_TEXT = re.compile(rf"`({_STARTS}(?:[^`\n]|\n(?!\s*\n))*)`")
_BLOCK = re.compile(r"^ *```(\w*)\n(.*?)^ *```$", re.DOTALL | re.MULTILINE)
_COMMENT = re.compile(r"\s+# .*$")


@dataclass(frozen=True, slots=True)
class Trial:
    """How a command is tried: its exit code, and a pattern that its output must hold.

    ``night`` marks what takes more than a minute, or what it stands on does.
    """

    code: int = 0
    says: str = ""
    night: bool = True


@dataclass(frozen=True, slots=True)
class Untried:
    """Why a command is not typed by a test. ``by`` is where it, or what it does, is run instead: a file of this
    repository that must hold the text ``holds``; both empty if nowhere."""

    why: str
    by: str = ""
    holds: str = ""


OF_THE_READER = "asks a deployment, account or program of the reader's that no test has"
PLANS: dict[str, Trial | Untried] = {
    # The reader's first commands, in the order of README.md.
    r"export MLFLOW_TRACKING_TOKEN=.*": Untried("sets the key, which each command below has in its shell"),
    r"uvx --from \. registry-conformance doctor --url \S+": Trial(
        says=r"YES: a model can be registered here", night=False
    ),
    r"docker run .* registry-conformance/suite doctor --url URL": Untried(
        "needs an engine and the image", ".ci/run", "docker run --rm registry-conformance/suite:latest"
    ),
    r"make images": Untried("needs an engine", ".ci/run", "scripts/build-images"),
    r"make verify": Trial(says=r"A third party can register a model here"),
    r"pytest suites/local -n 2": Trial(says=r"A third party can register a model here"),
    r'pytest suites/local -k "upload and canonical"': Trial(says=r"Only a part was verified"),
    r"pytest suites/local --fault=bucket-missing": Trial(code=1, says=r"Do not ship: .*bucket"),
    r"registry-conformance verify --stack embedded --proxy nginx:conf/registry\.conf --against main": Trial(
        code=1, says=r"This change breaks \d+ promises? \("
    ),
    r"python suites/live/test_real_registration\.py --env=NAME": Trial(says=r"A model can be registered"),
    r"pytest suites/live --env=NAME(?: -n 2)?": Trial(says=r"A third party can register a model here"),
    r"scripts/nightly": Untried("takes hours", ".github/workflows/nightly.yml", "scripts/nightly"),
    r"make test": Untried("is what tries these commands", ".ci/run", "step make test"),
    r"make prove": Untried("takes hours", "nightly.toml", "proof = true"),
    r"make mutants": Untried("takes an hour", ".ci/run", "make mutants"),
    r"make rehearse": Untried("takes half an hour", ".github/workflows/nightly.yml", "make rehearse"),
    r"scripts/first-steps": Untried("downloads 1.6 GB", "tests/test_bench.py", "BareMachine.at"),
    r"make bench": Untried("its figures are for a quiet machine", "tests/test_bench.py", "def test_bad_option_is"),
    # Contributors.
    r"make lint types": Untried("is a step of its own", ".ci/run", "step make lint"),
    r"\.ci/run": Untried("is what runs these tests", ".github/workflows/pull-request.yml", "make"),
    r"\.ci/newcomers python3\.12 python3\.13": Untried("needs root", ".github/workflows/nightly.yml", ".ci/newcomers"),
    r"make test ARGS=--whole": Untried("is what tries these commands", ".ci/run", "step make test ARGS=--whole"),
    r"make test ARGS=--nightly": Untried("is what tries these", ".github/workflows/nightly.yml", "ARGS=--nightly"),
    r"\.venv/bin/pre-commit install": Untried("changes the reader's clone"),
    r"pytest suites/contract/artifacts -k cut": Trial(says=r"Only a part was verified"),
    r"pytest suites/contract/artifacts -k cut --fault=artifact-route-missing": Trial(
        code=1, says=r"Do not ship: .*does not route"
    ),
    r"scripts/prove --only=NAME": Trial(says=r"artifact-route-missing"),
    r"scripts/prove --replay reports/latest/facts": Untried(
        "reads the facts of a whole proof", "tests/test_proof_replay.py"
    ),
    r"make lock": Untried("changes what the project stands on, by what the index has today"),
    r"make sbom": Untried("is the step of a release", "docs/releases.md", "make sbom"),
    r"make docs": Untried("writes the pages", "tests/test_docs_fresh.py", "check"),
    r"registry-conformance (?:matrix|mutants run|field checks(?: --only \S+)?) --write-docs": Untried(
        "takes hours and writes a page"
    ),
    r"registry-conformance mutants run --sample \d+ --seed \d+ --depth \d+": Untried(
        "takes an hour", ".ci/run", "make mutants"
    ),
    r"python -m hatchling build": Untried("is the step of a release", "tests/test_installation.py", "build"),
    # Load.
    r"registry-conformance load": Untried("is the name of the command: written out on the same page"),
    r"registry-conformance load --stack embedded --shape ramp --users 16 --seconds 40": Untried(
        "its figures are for a quiet machine", ".ci/run", "suites/load/test_acknowledged.py"
    ),
    r"registry-conformance load --stack embedded --kill mlflow --budget recovery=20": Trial(says=r"acknowledged"),
    r"registry-conformance build-minio": Untried("builds a Go program", ".ci/run", "scripts/build-minio"),
    r"registry-conformance load --stack embedded --store minio --sizes .* --budget recovery=30": Untried(
        "was measured part by part; what it does is tried at a smaller size",
        ".ci/run",
        "suites/load/test_acknowledged.py",
    ),
    r"registry-conformance rehearse --store minio --scene .*": Untried(
        "takes hours", "registry_conformance/proof/rehearsal/scenarios.py", "a load of 10,000 objects"
    ),
    r"registry-conformance load --stack embedded --registrations 10000 --sizes 4KiB=1": Untried(
        "takes an hour", "registry_conformance/proof/rehearsal/scenarios.py", "registrations=5000"
    ),
    r"registry-conformance load --env-file staging\.toml --users 4 --seconds 60": Untried(OF_THE_READER),
    r"registry-conformance load --stack embedded --fault load-version-numbers-raced": Trial(code=1, says=r"version"),
    # Own parts.
    r"pytest suites/local --stack=docker --proxy-image=IMAGE --proxy-settings=FILE -n 2": Untried(
        "needs an engine and an image of the reader's", "tests/containers/test_external_parts.py"
    ),
    r"pytest suites/local --stack=embedded --proxy=haproxy -n 2": Trial(code=1, says=r"the proxy"),
    r"registry-conformance versions": Trial(says=r"environments?|no ", night=False),
    r"registry-conformance field checks .*": Untried(
        "takes minutes and writes a page", ".github/workflows/nightly.yml", "make field"
    ),
    r"registry-conformance field doctor": Untried("takes ten minutes", ".github/workflows/nightly.yml", "make field"),
    r"registry-conformance register --stack embedded --mlflow 3\.9\.0 --client 2\.22\.5 --backend-store \w+": Untried(
        "makes two environments of 0.6 GB each", ".github/workflows/compatibility.yml", "matrix"
    ),
    r"registry-conformance verify --stack embedded .* --comment comment\.md -n 2": Untried(
        "is the command of README.md with the variable of a pipeline", "tests/documented_commands.py", "--against main"
    ),
    r"\.venv/bin/pytest": Untried("is the name of a program"),
    # Live.
    r"registry-conformance register --url \S+": Trial(says=r"A model can be registered"),
    r"registry-conformance live init --url \S+ --to staging\.toml": Trial(says=r"staging\.toml", night=False),
    r"terraform show -json (?:plan\.out > plan\.json|PLAN)": Untried(OF_THE_READER, "tests/test_account_plans.py"),
    r"pytest suites/live/test_infrastructure\.py --plan=plan\.json": Untried(
        "needs a plan of the reader's", "tests/test_account_runs.py", "--plan="
    ),
    r"scripts/doctor --env NAME": Trial(says=r"YES: a model can be registered here"),
    r"scripts/janitor --env=NAME --older-than=24h": Trial(night=False),
    r"scripts/purge": Untried("needs the database of a server that has ended", "tests/test_purge_links.py"),
    r"scripts/render RUN FOLDER": Untried("needs a run", "tests/test_report_replay.py"),
    r"registry-conformance verify --url \S+ --register 1": Trial(says=r"register"),
    r"registry-conformance --version": Trial(says=r"\d+\.\d+", night=False),
    r"scripts/nightly --help": Trial(says=r"Exit codes", night=False),
    r"scripts/faults list": Trial(says=r"artifact-route-missing", night=False),
    # Generated pages, with a command an entry.
    r"registry-conformance doctor --url URL": Trial(says=r"YES: a model can be registered here", night=False),
    r"pytest suites/local": Untried("is `make verify` on one worker", "Makefile", "pytest suites/local"),
    r"pytest suites/local --fault=\S+": Untried("each is armed by a proof", "nightly.toml", "proof = true"),
    r"(?:aws|mc) .*": Untried("is carried out on a double of the account", "tests/test_account_remedy.py"),
}


def commands() -> Iterator[tuple[str, str]]:
    """Yield page and command line of every block and of the running text, each pair once."""
    seen: set[tuple[str, str]] = set()
    for page in PAGES:
        text = (ROOT / page).read_text()
        lines = [line for block in _BLOCK.finditer(text) for line in _of_block(block)]
        lines += [" ".join(found.split()) for found in _IN_TEXT.findall(_BLOCK.sub("", text))]
        for pair in ((page, line) for line in lines):
            if pair not in seen:
                seen.add(pair)
                yield pair


def _of_block(block: re.Match[str]) -> Iterator[str]:
    """Yield the commands of a block: every line of a shell's, of others those that begin as a command does."""
    for line in block[2].replace("\\\n", " ").splitlines():
        command = " ".join(_COMMENT.sub("", line).split())
        if command and not command.startswith(("#", "echo ")) and re.match(_STARTS, command):
            yield command


def plan(command: str) -> Trial | Untried | None:
    """Return how a command is tried, ``None`` if nobody said."""
    return next((plan for pattern, plan in PLANS.items() if re.fullmatch(pattern, command)), None)
