"""Virtual assembly, tolerance stacks and process flow (nothing here yet; see docs/decisions)."""
