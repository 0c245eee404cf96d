"""Where numbers come from: the connector contract and everything a connector stands on."""
