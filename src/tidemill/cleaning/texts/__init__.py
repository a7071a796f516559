"""Cleaning checks for columns of free text."""
