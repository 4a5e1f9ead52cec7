"""The ARI adapter against a small server that speaks ARI's protocol and can misbehave."""
