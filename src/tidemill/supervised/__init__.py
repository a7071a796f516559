"""What several rooms learn and measure with.

Tables become arrays (``arrays``, ``levels``, ``targets``), points (``points``) and matrices
(``design``, ``boosting``); ``learners`` learn from them in ``folds``, and ``measures``, ``auc`` and
``intervals`` say how good that is and how sure.
"""
