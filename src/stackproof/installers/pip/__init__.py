"""pip: its commands, configuration and builds."""
