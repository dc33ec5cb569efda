"""The generator: plot kinds, conditions, drawing of data, snap, checks and rendering."""
