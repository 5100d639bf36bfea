"""Use cases, one verb a file. They know the domain and the storage, neither the broker nor the web."""
