"""BIM Collaboration Format: what nonconformance records say to other tools, and what those say back."""
