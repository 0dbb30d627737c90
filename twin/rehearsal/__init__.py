"""What the simulation found, for people and for programs: JSON, pages, charts."""
