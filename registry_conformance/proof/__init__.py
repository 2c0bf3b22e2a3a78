"""What proves the judge: every fault armed in turn, live runs rehearsed with crashes, and the nightly runs."""
