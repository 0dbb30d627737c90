"""Process flow: what a line of stations ships, how long that takes, and which defects leave it."""
