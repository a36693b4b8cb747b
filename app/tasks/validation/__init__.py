"""The checks of a create request that need no database and no upstream. Pure."""
