"""A load: many clients at once, what they were told, and the proof afterwards that what was acknowledged is there."""
