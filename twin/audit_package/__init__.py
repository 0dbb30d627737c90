"""Everything that a project's trail tells of, in one archive that is verified without this software."""
