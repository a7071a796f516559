"""What all rooms need to handle pictures: pixels in and out of a column, contact sheets, and a
small classifier."""
