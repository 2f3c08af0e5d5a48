"""Get a spreadsheet into LeadSquared as activities, once, and prove it."""

__version__ = "0.1.0"
