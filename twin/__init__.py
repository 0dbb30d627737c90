"""The digital twin: the check pipeline and what is reported from it."""
