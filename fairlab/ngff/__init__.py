"""OME-Zarr metadata as plain values: no network, no xarray."""
