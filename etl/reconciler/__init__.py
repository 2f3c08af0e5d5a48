"""Answers to rows: which row an answer belongs to, the results and failed files, and the count that must add up."""
