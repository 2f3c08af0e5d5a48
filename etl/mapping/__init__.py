"""The mapping: which column becomes which LeadSquared target, with which type. Pure rules; reads no input file."""
