"""The live chat channel and its widget."""
