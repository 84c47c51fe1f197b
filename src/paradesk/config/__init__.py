"""Configuration: TOML in, validated values with their provenance out."""
