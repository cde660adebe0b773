"""FAIR metadata: what stands beside an image."""
