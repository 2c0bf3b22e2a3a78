"""Whether a third party can register a model on a deployment: the judge, what it is proved on, and the proof."""

__version__ = "0.1.0"
