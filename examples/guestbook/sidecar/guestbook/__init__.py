"""A guest book on Erth's shell."""
