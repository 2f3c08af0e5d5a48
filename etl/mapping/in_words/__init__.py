"""A mapping in plain sentences, for people who do not read YAML."""
