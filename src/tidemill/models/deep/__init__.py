"""Neural generators on one trainer; everything here needs the extra ``deep``."""
