"""What tables say: it reads DataFrames and knows nothing of how they came about."""
