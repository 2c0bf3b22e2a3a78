"""The file of an environment: each of its tables, how it is read, and how its mistakes are told."""
