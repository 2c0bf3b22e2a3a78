"""The proof of the safeguards: each condition on the way to a deletion mutated, and a test that dies of it."""
