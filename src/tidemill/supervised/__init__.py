"""What several rooms learn and measure with: arrays, designs, learners, folds, intervals, AUC."""
