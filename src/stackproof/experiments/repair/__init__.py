"""A change that repairs a row, no pin too many: searched by resolving, proved by building."""
