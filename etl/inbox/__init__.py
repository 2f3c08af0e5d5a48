"""A folder that is served alone at night: files are taken from it, imported by their routes, and filed with their results."""
