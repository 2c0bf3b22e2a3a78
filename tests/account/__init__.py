"""Accounts made for tests: on moto, and as plan files."""
