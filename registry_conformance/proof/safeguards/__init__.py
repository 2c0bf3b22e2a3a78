"""Mutation tests of the code that guards deletions: a test must fail for each mutant."""
