"""Common third-party deployments, healthy and broken, and what the suite reports on each."""
