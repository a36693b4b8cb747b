"""Named admin tokens: who may use the admin API, and in which role."""
