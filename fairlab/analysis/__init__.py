"""Numbers from pixels: objects found, and objects measured in physical units."""
