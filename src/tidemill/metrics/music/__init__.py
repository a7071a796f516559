"""Whether pieces of music are like real ones, and no copies."""
