"""One pytest run: options, plugin, session."""
