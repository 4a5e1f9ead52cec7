"""One module a noun; each declares its routes in `ROUTES`."""
