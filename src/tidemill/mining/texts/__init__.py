"""What free texts say: the looks of the technique ``texts``, one a file."""
