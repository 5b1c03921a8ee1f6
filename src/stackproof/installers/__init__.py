"""uv and pip: their commands, settings, failures and refusals, and how they resolve."""
