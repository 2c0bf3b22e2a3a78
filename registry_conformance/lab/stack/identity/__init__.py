"""A small OpenID Connect provider that issues real tokens to programs."""
