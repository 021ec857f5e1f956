"""Words, Markdown, and finding words in texts."""
