"""What stands between a run and things that are not its own: each condition of it has a test that dies with it."""
