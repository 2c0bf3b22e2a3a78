"""What is kept to justify a verdict: exchanges, objects and notes."""
