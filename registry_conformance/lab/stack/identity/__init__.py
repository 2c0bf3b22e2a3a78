"""A small OpenID Connect provider, which signs in programs: real tokens for what asks for them."""
