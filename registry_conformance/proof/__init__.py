"""Tests of the judge: injected faults, mutants, third-party deployments, rehearsed live runs, nightly runs."""
