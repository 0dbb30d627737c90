"""What goes over the wire: parsed and checked here, trusted behind."""
