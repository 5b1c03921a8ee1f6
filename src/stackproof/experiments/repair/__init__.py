"""A change that mends a row, no pin too many: searched by resolving, proved by building."""
