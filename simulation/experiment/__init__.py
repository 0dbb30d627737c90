"""Experiments with chance: streams of random numbers, warm-up, replications that stop, paired comparisons."""
