"""The summary: what needs a human, what is spent, and what happens."""
