"""The environment: a plan's stages carried out, with what each of them changed."""

from stackproof.environment.build import Builder, StageRecord
from stackproof.environment.constraints import MIRROR_VARIABLE, ConstraintsUsed, constraints_in_use
from stackproof.environment.drift import Drift, drift_between
from stackproof.environment.overwritten import Overwritten, overwritten_files
from stackproof.environment.pip_check import PipCheck, pip_check
from stackproof.environment.scratch import scratch_environment
from stackproof.environment.start_files import start_notes
from stackproof.environment.virtualenv import Environment, Freeze, distributions
from stackproof.index.failures import FailureKind

__all__ = [
    "MIRROR_VARIABLE",
    "Builder",
    "ConstraintsUsed",
    "Drift",
    "Environment",
    "FailureKind",
    "Freeze",
    "Overwritten",
    "PipCheck",
    "StageRecord",
    "constraints_in_use",
    "distributions",
    "drift_between",
    "overwritten_files",
    "pip_check",
    "scratch_environment",
    "start_notes",
]
