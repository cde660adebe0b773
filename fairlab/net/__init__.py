"""The only sockets: transport, stores and reading of documents and chunks."""
