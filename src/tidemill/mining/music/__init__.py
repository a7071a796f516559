"""What pieces of music are like: keys, phrases that recur, odd ones."""
