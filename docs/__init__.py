"""The documentation: pages to read, and the modules that make those pages which follow from the program."""
