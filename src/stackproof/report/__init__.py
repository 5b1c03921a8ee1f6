"""The report: a verdict and its evidence, written for machines and for people."""
