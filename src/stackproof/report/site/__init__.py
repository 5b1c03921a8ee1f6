"""The page that people open: everything that evidence and history say, in one file."""
