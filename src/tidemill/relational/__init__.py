"""Databases: tables that are learned in the order of their links, and made in it."""
