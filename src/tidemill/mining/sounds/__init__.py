"""The mining technique for sounds."""
