"""Whether generated rows help: strategies side by side, in folds, with an interval."""
