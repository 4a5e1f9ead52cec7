"""The desk: agents at their phones."""
