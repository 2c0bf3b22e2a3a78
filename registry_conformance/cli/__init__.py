"""The command line: one program a file, each from options to an exit code."""
