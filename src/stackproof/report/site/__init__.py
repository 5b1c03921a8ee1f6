"""The page that people open: everything that evidence and history say, in one file."""

from stackproof.report.site.page import write_site

__all__ = ["write_site"]
