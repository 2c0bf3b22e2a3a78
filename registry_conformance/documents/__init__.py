"""The generated pages of ``docs/``: where their facts come from, and how they are written."""
