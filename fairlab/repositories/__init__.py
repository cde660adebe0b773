"""Places that know studies and images: one file each."""
