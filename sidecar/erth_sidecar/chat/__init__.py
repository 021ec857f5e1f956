"""Conversations as the store keeps them."""
