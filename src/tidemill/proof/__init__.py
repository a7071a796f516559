"""Whether rows help: the same learners with and without them, on real rows that none of them has seen."""
