"""The environment file: its tables, how it is read, and how its errors are reported."""
