"""What was recorded, as others read it."""
