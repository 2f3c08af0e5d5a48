"""LeadSquared over HTTP: the client, and the reads that stand beside the writing operations."""
