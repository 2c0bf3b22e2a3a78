"""Diagnosis: the inverse of fault injection. Probes fill a table of facts, causes are ranked by the clues in it."""

from registry_conformance.judge.diagnosis.diagnosis import diagnose
from registry_conformance.judge.diagnosis.named import Diagnosis, Named
from registry_conformance.judge.diagnosis.naming import as_cause

__all__ = ["Diagnosis", "Named", "as_cause", "diagnose"]
