"""Settings by neighbour: one file for each thing Velox talks to."""
