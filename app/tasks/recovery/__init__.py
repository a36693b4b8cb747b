"""Finding out what became of creates whose outcome is unknown, and giving upstream tasks to their owners."""
