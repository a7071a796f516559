"""What every other room of Tidemill speaks of; it imports none of them."""
