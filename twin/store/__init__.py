"""Where records are kept: the only part that knows SQL."""
