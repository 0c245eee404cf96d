"""Goals as files: what may be written in a project folder, and what it means."""
