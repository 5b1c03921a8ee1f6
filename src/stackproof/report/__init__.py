"""The report: a verdict and its evidence, written for machines and for people."""

from stackproof.report.files import conclude, write_reports, write_trial
from stackproof.report.junit import junit_xml
from stackproof.report.markdown import markdown
from stackproof.report.terminal import headline, print_verdict

__all__ = [
    "conclude",
    "headline",
    "junit_xml",
    "markdown",
    "print_verdict",
    "write_reports",
    "write_trial",
]
