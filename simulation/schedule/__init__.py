"""Schedules: how long a network of tasks takes, what decides it, and how sure that is."""
