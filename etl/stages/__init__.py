"""The steps of an import, in their order: connect, prepare, (forecast), deliver, conclude. The pipeline puts them together."""
