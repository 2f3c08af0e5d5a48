"""The durable record of accounts, runs, requests, rows and slots. The only SQL of the project."""
