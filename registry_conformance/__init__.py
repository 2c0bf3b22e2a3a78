"""Whether a third party can register a model on a deployment: what judges, what is broken on purpose, what proves the judge."""
