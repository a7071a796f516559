"""The mining technique for images."""
