"""The command ``registry-conformance``: one sub-command a file, from options to an exit code."""
