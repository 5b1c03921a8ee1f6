"""Execute the claims of a pinned package stack.

Data flows one way through the rooms of this package:
matrix -> plan -> environment -> suite -> evidence -> verdict -> report.
"""
