"""Readers, poses, registration, visibility, deviation, fitting, tolerances, uncertainty and verdicts.

Arrays and frozen values in, frozen values out; metres, radians, float64.
"""
