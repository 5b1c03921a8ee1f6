"""The sessions of a folder that has no noxfile which makes them."""

import os

import stackproof
from stackproof.cli.console import ROOT

stackproof.register(root=os.environ[ROOT])
