"""Diagnosis: the inverse of fault injection. Probes fill a table of facts, causes are ranked by the clues in it."""

from registry_conformance.judge.diagnosis.diagnosis import Diagnosis, Named, as_cause, diagnose

__all__ = ["Diagnosis", "Named", "as_cause", "diagnose"]
