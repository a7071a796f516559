"""The same examples at every run: a test that fails once in a while helps nobody."""

from hypothesis import settings

settings.register_profile("steady", derandomize=True)
settings.load_profile("steady")
