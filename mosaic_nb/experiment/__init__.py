"""Script mode: experiments that resume, scale to a cluster, and leave an ordinary run."""
