"""Why something is so: a record with fields, and its sentence in each language."""
