"""Long work that outlives the process it runs in."""
