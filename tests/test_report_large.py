"""Thousands of checks with far more evidence than a page holds: rendered, and read back, in bounded memory.

The evidence is 40 MB of 4,000 checks, and with ``--nightly`` 100 MB of 10,000: bounds grow with it.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.tree import ROOT

BYTES = 10_000
"""Of evidence in each check."""
PROGRAM = """
import json, random, resource, sys
from pathlib import Path
from registry_conformance.judge.report.history import History
from registry_conformance.judge.report.read import read
from registry_conformance.judge.report.redact import Redactor
from registry_conformance.judge.report.evidence_store import Spool
from registry_conformance.judge.report.write import write
from registry_conformance.judge.verdict import Verdict
from tests.report_runs import EXCHANGE, check, run_of

folder, checks, size = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10

def evidence(number):
    text = random.Random(number).randbytes(size * 4 // 9).hex(" ", 4)
    return [{**EXCHANGE, "response_body": {"size": size, "sha256": "1" * 64, "text": text}}]

spool = Spool()
records = [
    check(f"c[{number}]", Verdict.FAILED if number % 1000 == 7 else Verdict.PASSED, "ROU-001",
          evidence=spool.keep(evidence(number)))
    for number in range(checks)
]
if sys.argv[4] == "write":
    run = run_of(*records, exit_code=1)
    paths = write(run, folder, Redactor(("a-secret-of-the-run",)), history=History(folder.parent))
else:
    paths = write(read(folder / "verdicts.json", Spool()), folder.with_name("again"), Redactor(()))
print(json.dumps({"peak": peak(), "size": {name: path.stat().st_size for name, path in paths.items()}}))
"""


def rendered(folder: Path, checks: int, size: int, how: str) -> dict[str, Any]:
    """Run the program in a process of its own and return its peak memory in MiB, and the sizes of what it wrote."""
    command = [sys.executable, "-c", PROGRAM, str(folder), str(checks), str(size), how]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=600)
    told: dict[str, Any] = json.loads(done.stdout)
    return told


@pytest.fixture(scope="module")
def checks(nightly_size: bool) -> int:
    """How many checks the report has."""
    return 10_000 if nightly_size else 4_000


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory, checks: int) -> tuple[Path, dict[str, Any]]:
    """The folder of the large report, and what rendering it took."""
    folder = tmp_path_factory.mktemp("large") / "run"
    return folder, rendered(folder, checks, BYTES, "write")


def test_memory_does_not_grow_with_evidence(large: tuple[Path, dict[str, Any]], checks: int, tmp_path: Path) -> None:
    """With much evidence rendering needs hardly more memory than with next to none, and so does reading it."""
    folder, most = large
    least = rendered(tmp_path / "run", checks, 9, "write")
    again = rendered(folder, 0, 9, "read")
    megabytes = checks * BYTES / 1_000_000

    assert most["size"]["verdicts"] > checks * BYTES
    assert most["size"]["har"] > checks * BYTES
    assert most["peak"] - least["peak"] < 0.8 * megabytes, (most, least)
    assert again["peak"] - least["peak"] < 1.2 * megabytes, (again, least)
    assert again["size"]["verdicts"] == most["size"]["verdicts"]


def test_page_stays_small_enough_to_open(large: tuple[Path, dict[str, Any]], checks: int) -> None:
    """The page carries evidence up to its bound, that of every red check first, and says where the rest is."""
    folder, most = large
    index = json.loads((folder / "index.html").read_text().partition('id="index">')[2].partition("</script>")[0])
    carried = [each for each in index["checks"] if "e" in each]

    assert most["size"]["page"] < 32 * 1024 * 1024
    assert 0 < len(carried) < checks
    assert [each["n"] for each in index["checks"] if each["v"] == "failed" and "e" not in each] == []
