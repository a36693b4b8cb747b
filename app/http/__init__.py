"""What every route shares: request ids, bodies, errors, health."""
