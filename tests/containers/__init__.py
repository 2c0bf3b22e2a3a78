"""Tests that need a Docker engine and the images of the reference deployment."""
