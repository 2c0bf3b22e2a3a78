"""A small OpenID Connect provider that issues real tokens to programs and to persons with a browser."""
