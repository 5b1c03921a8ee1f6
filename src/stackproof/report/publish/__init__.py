"""Sets that were proved, and have a name that others can depend on."""
