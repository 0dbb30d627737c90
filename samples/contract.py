"""What the sample's contract asks beyond the standards: they say nothing of pipes."""

TOLERANCES = """\
# For --tolerances: what the standards ask and, where they ask nothing, what the sample's contract does.
name: sample contract
cite: sample contract, annex P
include: [default]
rules:
  - characteristic: cylinder_axis         # across the pipe, at the end that is farther off
    clause: P.1
    classes: [IfcPipeSegment]
    limits: [{lower_mm: 0, upper_mm: 15}]
  - characteristic: slope                 # from end to end, against the designed fall
    clause: P.2
    classes: [IfcPipeSegment]
    limits: [{value_mm: 10}]
"""
