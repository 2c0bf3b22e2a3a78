"""Deployments as people have them, healthy and broken in their own ways, and what is said of each."""
