"""Entry points: today the command line."""
