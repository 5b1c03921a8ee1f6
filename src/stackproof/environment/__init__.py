"""The environment: a plan's stages carried out, with what each of them changed."""

from stackproof.environment.build import Builder, StageRecord
from stackproof.environment.constraints import MIRROR_VARIABLE, ConstraintsUsed
from stackproof.environment.drift import Drift, drift_between
from stackproof.environment.pip_check import PipCheck, pip_check
from stackproof.environment.virtualenv import Environment, Freeze

__all__ = [
    "MIRROR_VARIABLE",
    "Builder",
    "ConstraintsUsed",
    "Drift",
    "Environment",
    "Freeze",
    "PipCheck",
    "StageRecord",
    "drift_between",
    "pip_check",
]
