"""A change is judged against what was there before: a run, a file, a folder, an image or a git revision."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from registry_conformance.cli.main import run
from registry_conformance.judge.report.history import History
from registry_conformance.judge.report.redact import Redactor
from registry_conformance.judge.report.write import write
from registry_conformance.judge.verdict import Verdict
from registry_conformance.lab.deployment import REFERENCE
from registry_conformance.lab.external.deployment_folder import DeploymentFolder, DeploymentFolderError
from registry_conformance.lab.external.neighbour import Neighbour, NeighbourError
from registry_conformance.run import before_after
from registry_conformance.run.base import BaseError, base
from registry_conformance.run.option_values import SettingsError
from registry_conformance.run.settings import Settings
from tests.report_runs import check, green
from tests.tree import ROOT

STACK = {"stack": "embedded"}


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository whose proxy changed since its tag ``before``."""
    folder = tmp_path / "a repository"
    (folder / "proxy").mkdir(parents=True)
    routes = folder / "proxy" / "routes.yaml"
    nginx = folder / "registry.conf"

    def git(*arguments: str) -> None:
        named = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"]
        subprocess.run(["git", "-C", str(folder), *named, *arguments], check=True, capture_output=True)

    git("init", "-q")
    for text in ("before", "after"):
        routes.write_text(f"# {text}\n")
        nginx.write_text(f"# {text}: listen @LISTEN_PORT@; proxy_pass http://@MLFLOW@;\n")
        git("add", ".")
        git("commit", "-q", "-m", text)
        git("tag", f"tag-{text}")
    return folder


def test_a_revision_of_a_configuration_is_taken_out(repository: Path, tmp_path: Path) -> None:
    """The file of the proxy is judged as it was at the revision, without touching the work tree."""
    options = {**STACK, "proxy": f"nginx:{repository / 'registry.conf'}"}
    found = base("tag-before", options, tmp_path / "reports", tmp_path / "room")

    assert Path(found.options["proxy"].removeprefix("nginx:")).read_text().startswith("# before")
    assert (repository / "registry.conf").read_text().startswith("# after")


def test_a_revision_of_a_folder_is_taken_out(repository: Path, tmp_path: Path) -> None:
    """The folder of a deployment is judged as it was at the revision."""
    found = base("tag-before", {**STACK, "deployment": str(repository)}, tmp_path / "reports", tmp_path / "room")

    assert (Path(found.options["deployment"]) / "proxy" / "routes.yaml").read_text() == "# before\n"


def test_files_folders_and_images_stand_for_themselves(repository: Path, tmp_path: Path) -> None:
    """What is named in the place of the judged file, folder or image is judged as it is."""
    reports, room = tmp_path / "reports", tmp_path / "room"
    file = {**STACK, "proxy": f"nginx:{repository / 'registry.conf'}"}

    assert base(str(repository / "registry.conf"), file, reports, room).options["proxy"] == file["proxy"]
    assert base(str(repository), STACK, reports, room).options == {"deployment": str(repository)}
    assert base("proxy:1", {"stack": "docker", "proxy-image": "proxy:2"}, reports, room).options == {
        "proxy-image": "proxy:1"
    }


@pytest.mark.parametrize(
    ("name", "options", "said"),
    [
        ("tag-befor", {"deployment": "{repository}"}, "did you mean tag-before"),
        ("--output=x", {"deployment": "{repository}"}, "is no run, file, folder or git revision"),
        ("x:1", {"proxy-image": "a", "mlflow-image": "b"}, "judge one change at a time"),
        ("yesterday", {"stack": ""}, "name a run that judged it before"),
    ],
)
def test_what_cannot_be_had_is_refused_with_what_can(
    name: str, options: dict[str, str], said: str, repository: Path, tmp_path: Path
) -> None:
    """A name that is nothing is refused, the nearest tag or branch named; nothing of it reaches git as an option."""
    filled = {**STACK, **{key: value.format(repository=repository) for key, value in options.items()}}
    with pytest.raises(BaseError, match=said):
        base(name, filled, tmp_path / "reports", tmp_path / "room")


def sides(before: Verdict, after: Verdict, asked: list[list[str]], **fields: Any) -> Callable[[list[str]], int]:
    """Return what stands in the place of a run: it writes a record of its side and keeps its arguments in ``asked``."""

    def carried_out(arguments: list[str]) -> int:
        asked.append(arguments)
        given = dict(each.removeprefix("--").split("=", 1) for each in arguments if "=" in each)
        reports = Path(given["report-dir"])
        verdict = before if "before" in given["report-dir"] else after
        code = int(verdict is Verdict.FAILED)
        one = check("x", verdict, "ROU-001")
        record = replace(green(one, skip=["ROU-001"], run_id=given["run-id"], exit_code=code), **fields)
        write(record, reports / "runs" / given["run-id"], Redactor(()), history=History(reports))
        return code

    return carried_out


def verify_change(repository: Path, tmp_path: Path, *more: str) -> int:
    """Return the exit code of a change of the deployment, reports in a folder of the test."""
    judged = [f"--deployment={ROOT / 'docker'}", f"--report-dir={tmp_path / 'r'}"]
    against = [] if any(each.startswith("--against") for each in more) else [f"--against={repository}"]
    return run(["verify", "--stack=embedded", *judged, *against, *more])


@pytest.mark.parametrize(("ended", "code"), [(0, 6), (1, 6), (3, 6), (2, 2), (4, 4)])
def test_a_side_that_came_to_no_verdict_is_never_green(
    ended: int, code: int, repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that ends well and wrote no verdicts says nothing of the change, and the comment says so."""
    monkeypatch.setattr(before_after, "carry_out", lambda _: ended)

    assert verify_change(repository, tmp_path, f"--comment={tmp_path / 'c.md'}") == code
    assert "It cannot be said what this change does" in (tmp_path / "c.md").read_text()


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--also-client=banana"], "--also-client=banana: 'banana' is no version of MLflow"),
        (["--comment=/nowhere/c.md"], "--comment=/nowhere/c.md: no file can be written there"),
        (["--", "--run-id=mine-1"], "--run-id: each side of a change has its own"),
        (["--", "--report-dir", "x"], "--report-dir: each side of a change has its own"),
        (["--against=" + "x" * 5000], "no git revision"),
    ],
)
def test_what_cannot_be_used_is_refused_before_a_run(
    more: list[str], said: str, repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """Options that no run could use are refused while nothing was judged yet."""
    asked: list[list[str]] = []
    monkeypatch.setattr(before_after, "carry_out", sides(Verdict.PASSED, Verdict.PASSED, asked))

    assert (verify_change(repository, tmp_path, *more), asked) == (4, [])
    assert said in capsys.readouterr().err


def test_further_clients_register_on_the_stack_that_is_judged(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fault stays armed in the runs of further clients, and what chooses checks is left out."""
    asked: list[list[str]] = []
    monkeypatch.setattr(before_after, "carry_out", sides(Verdict.PASSED, Verdict.PASSED, asked))
    verify_change(repository, tmp_path, "--fault=bucket-missing", "-k=uploads", "--also-client=2.22.5")

    assert [("--fault=bucket-missing" in each, "-k=uploads" in each) for each in asked] == [(True, True)] * 2 + [
        (True, False)
    ] * 2


def test_an_earlier_run_of_something_else_is_refused(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A run of another stack is no base; one of other files of the same stack is; further clients need a stack."""

    def judged(name: str, series: str) -> None:
        record = green(run_id=name, series=series)
        write(record, tmp_path / "r" / "runs" / name, Redactor(()), history=History(tmp_path / "r"))

    judged("verify-alike", "it --store=moto --proxy='nginx:/a b/x.conf' --deployment=/old")
    judged("verify-other", "it --store=minio")
    now = sides(Verdict.PASSED, Verdict.PASSED, [], series="it --store=moto --proxy=nginx:/c.conf --deployment='/n w'")
    monkeypatch.setattr(before_after, "carry_out", now)

    assert verify_change(repository, tmp_path, "--against=verify-alike") == 0
    assert verify_change(repository, tmp_path, "--against=verify-other") == 4
    assert "the run verify-other judged 'it --store=minio', and this one" in capsys.readouterr().err
    assert verify_change(repository, tmp_path, "--against=verify-alike", "--also-client=2.22.5") == 4
    assert "the run verify-alike is over" in capsys.readouterr().err
    assert verify_change(repository, tmp_path, "--against=verify-alik") == 4
    assert "did you mean verify-alike" in capsys.readouterr().err


def test_an_earlier_run_of_other_checks_is_refused(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A run of a part of the checks is compared with a run of the same part alone, whatever their cases."""
    for name, asked in (("verify-same", "x[other-case]"), ("verify-other", "y")):
        one = check(asked, Verdict.PASSED, "ROU-001")
        record = replace(green(one, skip=["ROU-001"], run_id=name), whole=False)
        write(record, tmp_path / "r" / "runs" / name, Redactor(()), history=History(tmp_path / "r"))
    monkeypatch.setattr(before_after, "carry_out", sides(Verdict.PASSED, Verdict.PASSED, [], whole=False))

    assert verify_change(repository, tmp_path, "--against=verify-same") == 0
    assert verify_change(repository, tmp_path, "--against=verify-other") == 4
    assert "the run verify-other and this one were not asked the same checks" in capsys.readouterr().err


def test_folders_of_one_name_are_taken_out_apart(repository: Path, tmp_path: Path) -> None:
    """Two folders of one name at one commit do not share a place, nor is a half-made place taken."""
    for part in ("one", "two"):
        (repository / part / "same" / "proxy").mkdir(parents=True)
        (repository / part / "same" / "proxy" / "routes.yaml").write_text(part)
    named = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"]
    for command in (["add", "."], ["commit", "-q", "-m", "two"], ["tag", "two-folders"]):
        subprocess.run(["git", "-C", str(repository), *named, *command], check=True)
    texts = []
    for part in ("one", "two"):
        options = {**STACK, "deployment": str(repository / part / "same")}
        found = base("two-folders", options, tmp_path / "reports", tmp_path / "room")
        texts.append((Path(found.options["deployment"]) / "proxy" / "routes.yaml").read_text())

    assert texts == ["one", "two"]
    assert [each.name for each in (tmp_path / "room").iterdir() if each.name.startswith(".")] == []


def test_a_configuration_in_json_is_a_file(tmp_path: Path) -> None:
    """Where a proxy's file is judged, a file in JSON that is no report is the file before the change."""
    before = tmp_path / "caddy.json"
    before.write_text("{}")
    options = {**STACK, "proxy": f"caddy:{tmp_path / 'new.json'}"}

    assert base(str(before), options, tmp_path / "reports", tmp_path / "room").options == {"proxy": f"caddy:{before}"}


def test_a_change_is_judged_by_two_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, repository: Path,
                                        capsys: pytest.CaptureFixture[str]) -> None:  # fmt: skip
    """The state before and the state after are each asked, and the last line, the comment and the exit code say what
    the change breaks."""

    monkeypatch.setattr(before_after, "carry_out", sides(Verdict.PASSED, Verdict.FAILED, []))
    options = [f"--deployment={ROOT / 'docker'}", f"--against={repository}", f"--report-dir={tmp_path / 'r'}"]
    code = run(["verify", "--stack=embedded", *options, f"--comment={tmp_path / 'c.md'}"])

    assert code == 1
    assert capsys.readouterr().out.splitlines()[-1] == "This change breaks 1 promise (ROU-001; 1 MUST)."
    assert "| ROU-001 | MUST |" in (tmp_path / "c.md").read_text()


def test_options_of_a_change_need_one(capsys: pytest.CaptureFixture[str]) -> None:
    """What is about a change is refused without one."""
    assert run(["verify", "--stack=embedded", "--comment=x.md"]) == 4
    assert "--comment: is about a change; add --against" in capsys.readouterr().err


def settings(**options: str) -> Settings:
    """Return the settings of a run with these options."""
    usual = {"proxy_port": 0, "stack": "embedded", "store": "moto", "fault": [], "report_dir": ""}
    return Settings.read({**usual, **options})


def test_files_of_a_folder_stand_in_the_place_of_the_shipped(tmp_path: Path) -> None:
    """A folder laid out as docker/ changes what differs in it, and nothing else."""
    (tmp_path / "proxy").mkdir()
    for name, text in (("routes.yaml", "changed"), ("errors.lua", (ROOT / "docker/proxy/errors.lua").read_text())):
        (tmp_path / "proxy" / name).write_text(text)
    folder = settings(deployment=str(tmp_path)).folder

    assert folder is not None
    assert folder.change(REFERENCE).files == (("proxy/routes.yaml", "changed"),)
    assert DeploymentFolder.read(ROOT / "docker").files == ()


def test_a_folder_that_nothing_would_read_is_refused(tmp_path: Path) -> None:
    """A misspelt file, a folder of something else and a stack of images are refused, with what there is."""
    with pytest.raises(SettingsError, match="an image holds its own files"):
        settings(deployment=str(tmp_path), stack="docker")
    with pytest.raises(DeploymentFolderError, match="holds none of the folders proxy, auth, mlflow, proxies"):
        DeploymentFolder.read(tmp_path)
    (tmp_path / "proxy").mkdir()
    (tmp_path / "proxy" / "route.yaml").write_text("")
    with pytest.raises(DeploymentFolderError, match=r"route\.yaml: unknown; did you mean routes\.yaml"):
        DeploymentFolder.read(tmp_path)


def test_a_configuration_of_ones_own_is_taken(tmp_path: Path) -> None:
    """A file of yours is the configuration of a proxy; what it asks is read from its places."""
    file = tmp_path / "mine.conf"
    file.write_text("listen @LISTEN@ -> @MLFLOW@\n")
    mine = Neighbour.named(f"nginx:{file}")

    assert mine is not None
    assert (mine.text({"LISTEN": 1, "MLFLOW": 2}), mine.asks_auth) == ("listen 1 -> 2\n", False)
    assert settings(proxy=f"nginx:{file}").rerun_options.endswith(f"--proxy=nginx:{file}")
    file.write_text("listen 80;\n")
    with pytest.raises(NeighbourError, match="has no @LISTEN@ or @LISTEN_PORT@"):
        Neighbour.named(f"nginx:{file}")
    with pytest.raises(NeighbourError, match="cannot be read: No such file"):
        Neighbour.named(f"nginx:{tmp_path / 'none.conf'}")
