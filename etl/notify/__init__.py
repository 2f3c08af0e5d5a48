"""Telling people and programs how an import ended: the words, which are pure, and the ways by which they go out."""
