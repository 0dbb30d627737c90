"""Report writers: a check result in, files for people and for other programs out."""
