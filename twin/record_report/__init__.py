"""Quality records as pages to read, print and hand on (21 CFR 11.10 b, 11.50)."""
