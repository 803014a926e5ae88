"""The widget in Chromium, on pages of other origins that allow it as little as they can."""
