"""Files that people gave to Erth."""
