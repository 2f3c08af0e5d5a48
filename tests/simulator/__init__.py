"""The simulator: its core by table, its windows by law, its server over real sockets."""
