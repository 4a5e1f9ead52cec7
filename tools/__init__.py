"""Set-up scripts, and what writes the made documents."""
