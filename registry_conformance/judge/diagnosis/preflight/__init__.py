"""The preflight before any cause: address, name, port, scheme, certificate, redirect, MLflow, credential."""

from registry_conformance.judge.diagnosis.preflight.address import Address, AddressError, read_address
from registry_conformance.judge.diagnosis.preflight.finding import KINDS, Finding, Kind
from registry_conformance.judge.diagnosis.preflight.products import Product
from registry_conformance.judge.diagnosis.preflight.stages import Preflight, examine

__all__ = ["KINDS", "Address", "AddressError", "Finding", "Kind", "Preflight", "Product", "examine", "read_address"]
