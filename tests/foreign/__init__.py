"""A stand-in for LeadSquared, written from the vendor's documentation pages alone.

It shares no code with the package or its simulator, so that each of the three can be wrong without the others agreeing.
Start with `server.ForeignServer`; `behaviour.Behaviour` lists everything that can be set.
"""
