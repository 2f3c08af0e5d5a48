"""Lines and files by which a machine starts a command by itself. Pure: a job in, its texts out."""
