"""Mutants: small defects of the reference deployment that nobody chose, and what the checks say of each."""
