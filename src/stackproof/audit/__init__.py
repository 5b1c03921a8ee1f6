"""The audit: what metadata alone says of a matrix, without installing anything."""

from stackproof.audit.auditing import Place, audit
from stackproof.audit.findings import Audit, Finding

__all__ = ["Audit", "Finding", "Place", "audit"]
