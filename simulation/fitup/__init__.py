"""Fit-up: do parts that were made or measured go together, with which slack, and what would make them."""
