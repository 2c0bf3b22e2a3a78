"""Environments: what their files may say, and what is refused and how."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from registry_conformance.judge.live.account import account_of
from registry_conformance.judge.live.environment.error import EnvironmentFileError
from registry_conformance.judge.live.environment.file import EnvironmentFile
from registry_conformance.judge.live.environment.tables import Secret
from registry_conformance.judge.live.reader import file_of, read
from registry_conformance.judge.live.secrets import resolve
from registry_conformance.judge.live.target import guard_of, target_of
from registry_conformance.judge.locations import ENVIRONMENTS

_ALL = 'admin = ["read", "write", "artifact-read", "artifact-write"]'
EXAMPLE = (ENVIRONMENTS / "staging.toml").read_text()
RUN = "verify-20300101-000000-abcdef"


def changed(folder: Path, old: str, new: str) -> Path:
    """Write the example with one thing changed."""
    assert old in EXAMPLE
    file = folder / "mine.toml"
    file.write_text(EXAMPLE.replace(old, new, 1))
    return file


def line_of(file: Path, text: str) -> int:
    """Return the line of the file that holds the text."""
    return next(number for number, line in enumerate(file.read_text().splitlines(), 1) if text in line)


@pytest.mark.parametrize("file", sorted(ENVIRONMENTS.glob("*.toml")), ids=lambda file: file.stem)
def test_examples_can_be_read(file: Path) -> None:
    """Examples can be read."""
    assert read(file).doors


@pytest.mark.parametrize(
    ("old", "new", "at", "said"),
    [
        ('access = "sandboxed"', 'access = "rw"', "rw", 'access cannot be \'rw\'; give "read-only" or "sandboxed"'),
        ('access = "sandboxed"\n', "", "# Staging", "access is missing"),
        ('"https://registry.staging.example/mlflow"', '"ftp://x"', "ftp", "is no http or https URL; give an http"),
        ('"https://registry.staging.example/mlflow"', '"https://u:p@x/"', "u:p", "a URL with a credential"),
        ('example/mlflow"', 'example:99999"', ":99999", "its port is not a number from 1 to 65535; give an http"),
        ('example/mlflow"', 'example/mlflow "', 'mlflow "', "white space stands at its end"),
        ('example/mlflow"', 'example\\u001b"', "\\u001b", "a control character in it; give"),
        ('example/mlflow"', 'example/#x"', "/#x", "what stands behind '#' the MLflow client sends nothing"),
        ('"https://registry.staging.example/mlflow"', '"https://u:p#w@x/"', "u:p#w", "a URL with a credential"),
        ('"https://registry.staging.example/mlflow"', '"http://[::1"', "[::1", "square brackets do not hold an IPv6"),
        ("https://s3.us-east-1.amazonaws.com", "http://h:0", "h:0", "bucket.endpoint is 'http://h:0': port 0 is none"),
        ("https://s3.us-east-1.amazonaws.com", "http://h#x", "h#x", "a URL with a fragment; give the URL of the S3"),
        ("[budget]", '[network]\nhttp_proxy = "http://h:99999"\n[budget]', "99999", "its port is not a number from 1"),
        ("[budget]", '[network]\nhttp_proxy = "http://u:p#@h"\n[budget]', "u:p#", "a URL with a password, which"),
        (
            "[budget]",
            "[timeouts]\nanswer = inf\n[budget]",
            "answer = inf",
            "timeouts.answer cannot be inf; give seconds to wait",
        ),
        ("[budget]", "[timeouts]\nanswer = 1e300\n[budget]", "1e300", "cannot be 1e+300, which is above 604,800; give"),
        ("requests = 20000", f"requests = 1{'0' * 400}", "1000", "which is above 1,000,000,000,000; give how many"),
        ("[doors.documented]", "[doors.docs]", "[doors.docs]", "doors.docs is unknown. Here may stand: canonical, "),
        ("[keys.reader]", "[keys.read]", "[keys.read]", "keys.read is unknown; did you mean reader?"),
        ("[keys.reader]", "[keys.owner]", "[keys.owner]", "keys.owner is unknown. Here may stand: reader, writer, "),
        (
            "[keys.reader]",
            '[policies.own]\nreader = ["delete"]\n[keys.reader]',
            "delete",
            "give a list of rights: read, w",
        ),
        (
            "[keys.reader]",
            '[policies.own]\nowner = ["read"]\n[keys.reader]',
            "owner",
            "Here may stand: anonymous, reader",
        ),
        ("[keys.reader]", "[policies.open]\n[keys.reader]", "[policies.open]", "policies.open is a name that is taken"),
        (
            "[keys.reader]",
            '[policies.own]\n[doors.literal]\nurl = "https://x.example"\npolicy = "mine"\n[keys.reader]',
            "mine",
            "doors.literal.policy cannot be 'mine'; give one of guarded, open, own",
        ),
        (
            'uploads = "proxied"',
            'uploads = "direct"',
            "[artifacts]",
            "artifacts needs all of direct uploads, direct",
        ),
        (
            "[bucket]",
            '[artifacts.client]\naccess_key = { variable = "A" }\n[bucket]',
            "[artifacts.client]",
            "artifacts.client.secret_key is missing; give a table with one of variable, file and command",
        ),
        ("requests = 20000", 'requests = "many"', "many", "a whole number above 0"),
        ("seconds = 1800", "seconds = 0", "seconds = 0", "a whole number above 0"),
        ("requests = 20000", "request = 3", "request = 3", "Here may stand: requests, megabytes, objects, seconds"),
        ("[budget]", "[budgets]", "[budgets]", "budgets is unknown"),
        ("group =", 'file = "x"\ngroup =', "[logs.mlflow]", "needs exactly one of file and group"),
        ("[budget]", '[[expected_failures]]\nrequirement = "X"\n[budget]', '"X"', "a requirement's id, as ART-012"),
        ("[budget]", '[[expected_failures]]\nrequirement = "ART-001"\n[budget]', "[[exp", "expires is missing"),
        ('"123456789012"', '"12345"', "12345", "infrastructure.account cannot be '12345'; give the number of an AWS"),
        (
            '"123456789012"',
            "123456789012",
            "account = ",
            "infrastructure.account cannot be 123456789012; give the number",
        ),
        (
            '"arn:aws:iam::123456789012:role/hokusai-mlflow-staging"',
            '"mlflow"',
            'role = "mlflow"',
            "the ARN of the role",
        ),
        ('encryption = "AES256"', 'encryption = "SSE"', "SSE", 'give "AES256", "aws:kms" or "none"'),
        ('encryption = "AES256"', 'encryption = "aws:kms"', "[infrastructure]", "needs both of encryption ="),
        (
            "promises = [",
            'promises = ["house", ',
            "promises",
            "promises.0 cannot be 'house'; give a list of profiles: mlflow, gat",
        ),
        (
            "[budget]",
            "[features]\nwings = true\n[budget]",
            "wings",
            "features.wings is unknown. Here may stand: presigned-downloads",
        ),
        ("[budget]", "[features]\nrequest-ids = 1\n[budget]", "request-ids", "features.request-ids cannot be 1; give"),
        ("noncurrent_days = 90", "noncurrent_days = 0", "noncurrent_days", "a whole number above 0"),
        (
            "abort_days = 7",
            "abort_day = 7",
            "abort_day",
            "infrastructure.abort_day is unknown; did you mean abort_days? Here may stand: account",
        ),
        (
            "abort_days = 7",
            'access_key = { variable = "K" }',
            "[infrastructure]",
            "needs both of access_key and secret",
        ),
        ('bucket = "hokusai-access-logs-staging", ', "", "access_log", "infrastructure.access_log.bucket is missing"),
        ('staging" = 30 }', 'staging" = "30" }', "log_groups", "cannot be '30'"),
    ],
)
def test_mistake_is_told_with_its_line_and_what_is_allowed(
    tmp_path: Path, old: str, new: str, at: str, said: str
) -> None:
    """Mistake is told with its line and what is allowed."""
    file = changed(tmp_path, old, new)
    with pytest.raises(EnvironmentFileError) as refusal:
        read(file)
    mine = [line for line in str(refusal.value).splitlines() if said in line]

    assert mine, refusal.value
    assert mine[0].startswith(f"{file}:{line_of(file, at)}: ")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('variable = "HOKUSAI_STAGING_READER_KEY"', 'value = "hk_abcdef123"'),
        ('secret_key = { variable = "HOKUSAI_STAGING_AWS_SECRET_ACCESS_KEY" }', 'secret_key = "hk_abcdef123"'),
    ],
)
def test_secret_in_the_file_is_refused_and_not_repeated(tmp_path: Path, old: str, new: str) -> None:
    """Secret in the file is refused and not repeated."""
    with pytest.raises(EnvironmentFileError) as refusal:
        read(changed(tmp_path, old, new))

    assert "hk_abcdef123" not in str(refusal.value)


@pytest.mark.parametrize(
    "name", ["hk_6ZZQ5rWe7fO_A2", "eyJhbGciOi.eyJz.c2Vj", "correct-horse", "JBSWY3DPEHPK3PXP", "a\\u0000b"]
)
@pytest.mark.parametrize(
    "table",
    [
        'variable = "{}"',
        'file = "{}"',
        'command = ["{}"]',
        'user = "ada"\npassword = {{ variable = "{}" }}',
        'user = "ada"\npassword = {{ file = "{}" }}',
        'user = "ada"\npassword = {{ command = ["{}"] }}',
        'certificate = "{}"',
        'variable = "HOME"\ncertificate = "client.pem"\ncertificate_key = "{}"',
    ],
)
def test_key_in_the_place_of_a_name_is_not_repeated(tmp_path: Path, table: str, name: str) -> None:
    """A key written where a variable, file or program is named is told by its place only."""
    (tmp_path / "client.pem").touch()
    file = changed(tmp_path, 'variable = "HOKUSAI_STAGING_WRITER_KEY"', table.format(name))
    with pytest.raises(EnvironmentFileError) as refusal:
        target_of("mine", read(file), None)
    field = re.findall(r"\w+(?= = )", table)[-1]

    assert name.replace("\\u0000", "\0") not in str(refusal.value)
    assert re.match(rf"{re.escape(str(file))}:\d+: keys\.writer\.(?:password\.)?{field}: ", str(refusal.value))
    assert "which is not shown: it may be the secret itself; give " in str(refusal.value)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("[doors.canonical]", 'origin = "https://u:hk_abcdef123@h"\n[doors.canonical]'),
        ("[doors.canonical]", 'network = "http://u:hk_abcdef123@h"\n[doors.canonical]'),
        ("[budget]", '[cleanup]\npurge = "gc postgresql://u:hk_abcdef123@h"\n[budget]'),
    ],
)
def test_text_in_the_place_of_a_table_is_not_repeated(tmp_path: Path, old: str, new: str) -> None:
    """A text where a table or list belongs may hold a password, and is not shown."""
    with pytest.raises(EnvironmentFileError, match="cannot be a text, which is not shown") as refusal:
        read(changed(tmp_path, old, new))

    assert "hk_abcdef123" not in str(refusal.value)


def test_file_that_is_not_toml_or_not_there_is_told(tmp_path: Path) -> None:
    """File that is not toml or not there is told."""
    with pytest.raises(EnvironmentFileError, match=r"mine\.toml:3: is not TOML: .*line 3"):
        read(changed(tmp_path, 'access = "sandboxed"', "access ="))
    with pytest.raises(EnvironmentFileError, match=r"mine\.toml: is not TOML: .*nested too deeply"):
        read(changed(tmp_path, "requests = 20000", f"requests = {'[' * 3000}"))
    with pytest.raises(EnvironmentFileError, match=r"mine\.toml: is not TOML: .*too many digits"):
        read(changed(tmp_path, "requests = 20000", f"requests = {'9' * 5000}"))
    with pytest.raises(EnvironmentFileError, match="cannot be read: No such file"):
        read(tmp_path / "absent.toml")
    with pytest.raises(EnvironmentFileError, match="one of local-example, production, staging"):
        file_of("nowhere")


def test_secret_comes_from_variable_file_or_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Secret comes from variable file or command."""
    monkeypatch.setenv("OWN_KEY", "from-variable")
    file = tmp_path / "key"
    file.write_text("from-file\n")
    program = [sys.executable, "-c", "print('from-command')"]

    environment = read(file_of("production")).read_from(tmp_path / "mine.toml", "mine.toml", "")

    assert resolve(environment, "keys.writer", Secret(variable="OWN_KEY")) == "from-variable"
    assert resolve(environment, "keys.writer", Secret(file=str(file))) == "from-file"
    assert resolve(environment, "keys.writer", Secret(file="key")) == "from-file"
    assert resolve(environment, "keys.writer", Secret(command=program)) == "from-command"


@pytest.mark.parametrize(
    ("secret", "said"),
    [
        (
            Secret(variable="NOT_SET_ANYWHERE"),
            "keys.writer.variable: the environment variable NOT_SET_ANYWHERE is not set",
        ),
        (Secret(file="/nonexistent/k.txt"), "keys.writer.file: the file /nonexistent/k.txt cannot be read: No such"),
        (Secret(file="/"), "keys.writer.file: the file / cannot be read: Is a directory"),
        (Secret(file="~nobody-of-this-name/key"), "keys.writer.file: there is no file of the name that stands there"),
        (Secret(command=["/"]), "keys.writer.command: the command / cannot be run: Permission denied"),
        (Secret(command=[sys.executable, "\0"]), "cannot be run: its arguments hold a null byte"),
        (Secret(command=[sys.executable, "-c", "print('abc')"]), "at least 4 characters"),
        (Secret(command=[sys.executable, "-c", "raise SystemExit(3)"]), "ended with exit code 3"),
    ],
)
def test_secret_that_cannot_be_had_is_told(secret: Secret, said: str) -> None:
    """Secret that cannot be had is told."""
    with pytest.raises(EnvironmentFileError, match=re.escape(said)):
        resolve(read(file_of("production")), "keys.writer", secret)


@pytest.mark.parametrize(
    ("old", "new", "at", "said"),
    [
        ("[keys.writer]", "[keys.admin]", "[keys.reader]", "keys.writer is missing; a sandboxed environment"),
        (
            '/mlflow"\n\n[keys.writer]',
            f'/mlflow"\npolicy = "own"\n[policies.own]\n{_ALL}\n[keys.writer]',
            "[doors.canonical]",
            "keys.admin is missing; a sandboxed environment is written to with an admin's key",
        ),
        (
            '/mlflow"\n\n[keys.writer]',
            '/mlflow"\npolicy = "own"\n[policies.own]\nwriter = ["write"]\n[keys.writer]',
            "[policies.own]",
            "policies.own lets no role do all that is asked for here; one needs artifact-read, artifact-write, read,",
        ),
        (
            "HOKUSAI_STAGING_READER_KEY",
            "NOT_SET",
            "NOT_SET",
            "the environment variable NOT_SET is not set; set it to",
        ),
        ("[doors.documented]\n", '[doors.documented]\nca = "no.pem"\n', "no.pem", "there is no file no.pem"),
        ('group = "/ecs/hokusai-mlflow-staging"', 'file = "none.log"', "none.log", "there is no file none.log"),
    ],
)
def test_what_cannot_be_had_is_told_with_its_line_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, old: str, new: str, at: str, said: str
) -> None:
    """What cannot be had is told with its line too."""
    for name in re.findall(r"HOKUSAI_\w+", EXAMPLE):
        monkeypatch.setenv(name, "a-secret-of-staging")
    file = changed(tmp_path, old, new)
    with pytest.raises(EnvironmentFileError) as refusal:
        target_of("mine", read(file), None)

    assert said in str(refusal.value)
    assert "\n" not in str(refusal.value)
    assert re.match(rf"{re.escape(str(file))}:(?:{line_of(file, at)}|1): ", str(refusal.value))


def test_target_says_what_its_file_does_not_open(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Target says what its file does not open."""
    monkeypatch.setenv("HOKUSAI_PRODUCTION_READER_KEY", "hk_reader_0000")
    environment = read(file_of("production"))
    target = target_of("production", environment, guard_of(environment, RUN, tmp_path))

    assert "stored bytes were not verified" in target.capability("store").reason
    assert not target.capability("write").present
    assert "hk_reader_0000" not in repr(target)


def test_account_is_taken_as_its_file_says(monkeypatch: pytest.MonkeyPatch) -> None:
    """Account is taken as its file says, with the bucket's credentials if it has none of its own."""
    monkeypatch.setenv("HOKUSAI_STAGING_AWS_ACCESS_KEY_ID", "AKIA-staging")
    monkeypatch.setenv("HOKUSAI_STAGING_AWS_SECRET_ACCESS_KEY", "a-staging-secret")
    account = account_of(read(file_of("staging")))

    assert account is not None
    declared = account.declared
    assert (declared.bucket, declared.prefix) == ("hokusai-mlflow-artifacts-staging", "artifacts")
    assert (declared.region, declared.account) == ("us-east-1", "123456789012")
    assert declared.log_groups == {"/ecs/hokusai-mlflow-staging": 30}
    assert (account.access_key, account.secret_key, account.endpoint) == ("AKIA-staging", "a-staging-secret", "")
    assert "a-staging-secret" not in repr(account)


def test_account_without_a_bucket_or_credentials_is_refused() -> None:
    """Account without a bucket or credentials is refused."""
    bare = {"description": "x", "access": "read-only", "doors": {"canonical": {"url": "https://x.example"}}}
    nameless = EnvironmentFile.model_validate({**bare, "infrastructure": {}})
    keyless = EnvironmentFile.model_validate({**bare, "infrastructure": {"bucket": "artifacts"}})

    assert account_of(EnvironmentFile.model_validate(bare)) is None
    with pytest.raises(EnvironmentFileError, match=r"infrastructure\.bucket is missing"):
        account_of(nameless)
    with pytest.raises(EnvironmentFileError, match=r"infrastructure\.access_key is missing"):
        account_of(keyless)


def test_account_with_another_bucket_than_the_runs_is_refused() -> None:
    """Account with another bucket than the one that the run looks into is refused."""
    environment = read(file_of("staging"))
    assert environment.infrastructure is not None
    other = environment.model_copy(
        update={"infrastructure": environment.infrastructure.model_copy(update={"bucket": "elsewhere"})}
    )

    with pytest.raises(EnvironmentFileError, match=r"infrastructure\.bucket is 'elsewhere', and \[bucket\] names"):
        account_of(other)


def test_sandboxed_environment_without_a_writer_is_refused() -> None:
    """Sandboxed environment without a writer is refused."""
    environment = EnvironmentFile.model_validate(
        {"description": "x", "access": "sandboxed", "doors": {"canonical": {"url": "https://x.example"}}}
    )
    with pytest.raises(EnvironmentFileError, match=r"keys\.writer is missing"):
        target_of("mine", environment, None)


def test_expected_failure_of_no_requirement_is_told(tmp_path: Path) -> None:
    """Expected failure of no requirement is told."""
    entry = '[[expected_failures]]\nrequirement = "ART-999"\nreason = "a good one"\nexpires = 2030-01-01\n[budget]'
    file = changed(tmp_path, "[budget]", entry)

    with pytest.raises(EnvironmentFileError, match="ART-999 is no requirement") as refusal:
        read(file, {"ART-001"})
    assert str(refusal.value).startswith(f"{file}:{line_of(file, 'ART-999')}: ")


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ('[doors]\n[keys.writer]\nvariable = "KEY"\n', "doors is empty; give tables"),
        (
            (
                '[doors.canonical]\nurl = "http://127.0.0.1:9"\n'
                '[keys.writer]\nvariable = "KEY"\nheader = "X Bad: hk_word"\n'
            ),
            "keys.writer.header has another form than it must; the text is not shown",
        ),
    ],
)
def test_a_value_is_refused_for_what_is_wrong_with_it(table: str, said: str, tmp_path: Path) -> None:
    """It is no matter of its type; what may be a secret stays hidden."""
    file = tmp_path / "x.toml"
    file.write_text(f'description = "x"\naccess = "sandboxed"\n{table}')

    with pytest.raises(EnvironmentFileError) as refusal:
        read(file)

    assert said in str(refusal.value)
    assert "hk_word" not in str(refusal.value)
