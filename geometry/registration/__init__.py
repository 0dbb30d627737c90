"""Registration: the pose that maps the scan into the design frame, or a reasoned refusal."""
