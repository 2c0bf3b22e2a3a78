"""Loads, tried without a stack: what is written down, figured, proved and capped."""
