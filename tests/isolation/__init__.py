"""One workspace never sees, changes or counts another's rows."""
