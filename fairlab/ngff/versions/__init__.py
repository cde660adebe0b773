"""One module for each version of OME-Zarr: attributes in, :class:`~fairlab.ngff.model.Image` out."""
