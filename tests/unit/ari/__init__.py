"""The ARI adapter without a network: parsing, causes, routing."""
