"""Doubles: deployments that are wrong in one plain way, to see that the suite says so."""
