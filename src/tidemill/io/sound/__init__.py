"""Sounds in and out: files, folders and zips of WAV."""
