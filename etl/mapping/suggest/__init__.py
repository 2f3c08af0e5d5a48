"""A mapping proposed for a sheet: cells of a sample and field names of an account in, columns with targets and evidence out."""
