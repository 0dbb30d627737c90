"""Deviation of the as-built surface from the as-designed one."""
