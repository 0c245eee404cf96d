"""The command line, a module per group of commands, each imported when it is called."""
