"""Evidence: files named by their SHA-256, written once, tied to what they prove, checked on every read."""
