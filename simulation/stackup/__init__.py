"""Tolerance stacks: how far a result can be off when every dimension varies within its own tolerance."""
