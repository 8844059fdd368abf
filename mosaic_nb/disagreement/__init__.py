"""What would somebody else have done here? Runs played again, and others asked at each of their steps."""
