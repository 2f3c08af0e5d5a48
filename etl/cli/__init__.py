"""The command line: the only click, the only print, the one place that catches everything."""
