"""The seller file: a whole seller in one JSON document. docs/seller-file.md is its reference."""
