"""Cleaning checks for sounds."""
