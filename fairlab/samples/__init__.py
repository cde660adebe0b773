"""Images that the package makes itself."""
