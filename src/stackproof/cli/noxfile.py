"""The sessions of a folder that has no noxfile which makes them."""

import os

import stackproof
from stackproof.cli.console import ROOT

# nox came here for this file; everything that is asked of it is meant of the caller's folder.
os.chdir(os.environ[ROOT])
stackproof.register()
