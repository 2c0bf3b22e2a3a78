"""One pytest run as a judgement: options, plugin, session."""
