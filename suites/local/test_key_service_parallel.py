"""Keys that are asked about at the same time, or over one connection for long, are told apart."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from fixtures.essentials import Unique
from fixtures.scratch_stack import Scratch
from registry_conformance.judge.clients.concurrency import at_once
from registry_conformance.judge.expect import expect_equal
from registry_conformance.judge.requirement import verifies
from registry_conformance.lab.deployment import REFERENCE, Auth, Links
from registry_conformance.lab.disturbance import Delay, Rule, When

ASKING = replace(REFERENCE, auth=Auth(cache=0.0))
TAKING_TIME = replace(ASKING, links=Links(keys=(Rule(When(), (Delay(0.1),)),)))
"""The same with questions that last, so that several are under way."""
ROUNDS = 8
LONG = 60
"""Rounds after which more than a hundred questions went over one connection."""


@verifies("AUT-058")
def test_keys_asked_about_at_once_are_told_apart(scratch: Scratch, unique: Unique) -> None:
    """Good and bad keys side by side each get their own answer."""
    door = scratch.apply(TAKING_TIME)
    asked = [each for number in range(ROUNDS) for each in (door, door.with_key(unique(f"key-{number}")))]
    read = at_once([each.search_experiments for each in asked])

    expect_equal([exchange.status for exchange in read], [200, 401] * ROUNDS, "statuses of good and bad keys in turns")


@verifies("AUT-058")
def test_rights_asked_about_at_once_are_told_apart(scratch: Scratch, unique: Unique) -> None:
    """Writers and readers side by side each have their own rights."""
    door = scratch.apply(TAKING_TIME)
    reader = door.with_key(scratch.key("reader"))
    asked = [(each, unique(f"e{number}")) for number in range(ROUNDS) for each in (door, reader)]
    made = at_once([partial(each.create_experiment, name) for each, name in asked])

    expect_equal([exchange.status for exchange in made], [200, 403] * ROUNDS, "statuses of writer and reader in turns")


@verifies("AUT-058")
def test_keys_asked_about_for_long_are_told_apart(scratch: Scratch, unique: Unique) -> None:
    """Good and bad keys in turns each get their own answer for long."""
    door = scratch.apply(ASKING)
    bad = door.with_key(unique("key"))
    statuses = [each.search_experiments().status for _ in range(LONG) for each in (door, bad)]

    expect_equal(statuses, [200, 401] * LONG, "statuses of good and bad keys in turns")
