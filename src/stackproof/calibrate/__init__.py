"""Calibration: each workload on the newest releases alone, on the documented, on the oldest."""

from stackproof.calibrate.calibrating import Calibrator, named
from stackproof.calibrate.choosing import Chooser, interpreters
from stackproof.calibrate.records import CALIBRATION_FILE, COLUMNS, Calibrated, Calibration
from stackproof.calibrate.tables import cell, markdown_table
from stackproof.calibrate.terminal import line, print_calibration

__all__ = [
    "CALIBRATION_FILE",
    "COLUMNS",
    "Calibrated",
    "Calibration",
    "Calibrator",
    "Chooser",
    "cell",
    "interpreters",
    "line",
    "markdown_table",
    "named",
    "print_calibration",
]
