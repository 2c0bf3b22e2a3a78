"""Mutants: small rule-made defects of the reference deployment, and which of them the checks notice."""
