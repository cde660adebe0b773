"""Judging metadata: what each version of OME-Zarr asks for, and whether a document or a hierarchy obeys it.

Rules are data where they can be (:mod:`~fairlab.ngff.validation.shapes`), functions where they must be, in
one module for each theme; :mod:`~fairlab.ngff.validation.versions` says which hold in which version.
Nothing here is used for reading, which stays lenient.
"""
