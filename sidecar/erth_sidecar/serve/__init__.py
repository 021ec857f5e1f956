"""HTTP: the server, and what stands between it and the pages."""
