"""Use cases: load, call the pure domain, keep what came out. The command line and the web are two doors to these."""
