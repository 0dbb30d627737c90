"""What the viewer shows, prepared once: the model as batched GLB, the deviations as 3D Tiles."""
