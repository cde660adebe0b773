"""Sharing: writing OME-Zarr, RO-Crates and what else makes an image useful to strangers."""
