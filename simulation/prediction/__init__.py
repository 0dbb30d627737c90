"""From what was measured to what is to be expected: defect probabilities, where to look, and whether it came true."""
