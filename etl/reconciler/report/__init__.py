"""The page of one run: facts in, one self-contained HTML file out."""
