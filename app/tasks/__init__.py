"""Video generation tasks: validation, creation, polling and recovery, and their rows."""
