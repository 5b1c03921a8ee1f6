"""The environment: a plan's stages carried out, with what each of them changed."""
