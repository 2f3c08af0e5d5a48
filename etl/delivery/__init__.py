"""From chunks to verdicts: pure rules (decide, verdict, throttle, backoff) and the drivers that carry them out."""
