"""What several features need and none owns: strict JSON, caches, leases, turns, sealing."""
