"""What is personal, and what is made in its place."""
