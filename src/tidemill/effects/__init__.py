"""What a treatment, a campaign or a price did: comparisons of those who had it with those who had
not, and how sure they are."""
