"""One run from the table to the report, what it will cost, and generated rows fed back."""
