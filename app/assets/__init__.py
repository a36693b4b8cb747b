"""Asset groups, assets and face verification."""
