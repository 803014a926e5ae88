"""What the repository promises about itself: its layout, its imports, its files."""
