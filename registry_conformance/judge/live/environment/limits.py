"""Limits in an environment file: the cost of a run or a load, and timeouts."""

from __future__ import annotations

from pydantic import Field

from registry_conformance.judge.live.environment.tables import Count, Seconds, Strict, WholeSeconds


class BudgetTable(Strict):
    """The highest cost of one run for the target."""

    requests: Count = Field(default=20_000, gt=0, description="how many requests, a whole number above 0")
    megabytes: Count = Field(default=500, gt=0, description="how many MiB uploaded, a whole number above 0")
    objects: Count = Field(default=5_000, gt=0, description="how many uploads, a whole number above 0")
    seconds: WholeSeconds = Field(default=1_800, gt=0, description="how long, in seconds, a whole number above 0")


class LoadBudgets(Strict):
    """Declared limits of the target under load; only declared ones are judged."""

    rate: float | None = Field(default=None, gt=0, description="requests a second that are reached, a number above 0")
    p95: float | None = Field(default=None, gt=0, description="seconds, a number above 0")
    errors: float | None = Field(default=None, ge=0, le=1, description="a share from 0 to 1")
    recovery: float | None = Field(default=None, gt=0, description="seconds, a number above 0")


class LoadTable(Strict):
    """The highest cost of one load for the target; without this table no load is run."""

    requests: Count = Field(gt=0, description="how many requests, a whole number above 0")
    megabytes: Count = Field(gt=0, description="how many MiB uploaded, a whole number above 0")
    objects: Count = Field(gt=0, description="how many uploads, a whole number above 0")
    rate: float = Field(gt=0, description="how many requests a second, a number above 0")
    seconds: WholeSeconds = Field(default=3_600, gt=0, description="how long, in seconds, a whole number above 0")
    users: Count = Field(default=50, gt=0, description="how many users at once, a whole number above 0")
    budgets: LoadBudgets = Field(default=LoadBudgets(), description="a table with rate, p95, errors and recovery")


class TimeoutsTable(Strict):
    """How long a client waits, and when the run gives the target up."""

    answer: Seconds = Field(default=30.0, gt=0, description="seconds to wait for an answer, a number above 0")
    client: Seconds = Field(
        default=60.0, gt=0, description="seconds without progress after which a client is given up, a number above 0"
    )
    dead_answers: Count = Field(default=5, gt=0, description="how many dead answers in a row end the run, above 0")
