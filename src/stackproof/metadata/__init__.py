"""What is answered by metadata and files alone, in seconds."""
