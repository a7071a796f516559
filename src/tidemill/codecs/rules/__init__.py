"""Rules that rows keep, as units of channels that cannot break them."""
