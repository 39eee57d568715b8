"""Bring an image to the environments that follow a ring, each within its change window."""
