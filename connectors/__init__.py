"""Where numbers come from, a file per source. They stand on okrsync and never on each other."""
