"""Whether made texts are like real ones, as varied, true to their rows, and no copies."""
