"""Tests of etl.settings."""
