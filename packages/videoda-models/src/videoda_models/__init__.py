"""Video networks and heads for domain adaptation, with the weights people already have."""

__version__ = "0.1.0"
