"""Cleaning checks for images."""
