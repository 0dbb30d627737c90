"""A small building made by our own generator, and a virtual scanner that scans it with planted defects."""
