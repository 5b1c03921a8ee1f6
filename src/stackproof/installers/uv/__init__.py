"""uv: its commands, configuration and builds."""
