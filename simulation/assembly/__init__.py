"""Virtual assembly: do parts clash, can they be put together, in which order."""
