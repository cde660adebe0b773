"""Faces for notebooks: looking at images. Pure values and pixels first, widgets on top."""
