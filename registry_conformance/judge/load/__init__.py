"""Load tests: many concurrent clients, and the verification of every acknowledged write afterwards."""
