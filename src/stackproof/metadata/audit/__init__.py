"""The audit: what metadata alone says of a matrix, without installing anything.

`auditing.py` has the function, `record.py` what it finds. Nothing is imported here: a report
shows what an audit found, and must not wait for the libraries by which it was found.
"""
